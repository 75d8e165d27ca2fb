// Every kernel of a device against the oracle, on random problems. INVOLUTE_DEVICE names it: opencl
// or cuda; without a driver that answers the tests are skipped, with its reason.
#include <gtest/gtest.h>

#include <cstdlib>

#include "HalideRuntime.h"

#include "core/device.h"
#include "core/isa.h"
#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

// One kernel after another: each gets a tenth of these or more.
constexpr int64_t kProblems = 80;

class DeviceKernels : public testing::TestWithParam<Op> {};

TEST_P(DeviceKernels, AgreeWithTheOracle) {
    const char *name = std::getenv("INVOLUTE_DEVICE");
    involute_isa device = INVOLUTE_ISA_AUTO;
    ASSERT_TRUE(name && isa_from_name(name, &device) && is_device(device))
        << "INVOLUTE_DEVICE: expected opencl or cuda";
    const involute_status available = involute_isa_check(device);
    if (available.code != INVOLUTE_OK)
        GTEST_SKIP() << available.message;
    // Memory that was used before is no longer NaN on the stand-in driver.
    halide_reuse_device_allocations(nullptr, false);
    check_op(GetParam(), device, kProblems);
}

INSTANTIATE_TEST_SUITE_P(All, DeviceKernels, testing::ValuesIn(all_ops()), name_of);

} // namespace
} // namespace involute::kernel_tests
