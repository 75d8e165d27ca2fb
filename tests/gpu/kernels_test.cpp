// Every kernel of a device against the oracle, on random problems. INVOLUTE_DEVICE names it: opencl
// or cuda; without a driver that answers the tests are skipped, with its reason.
#include <gtest/gtest.h>

#include "HalideRuntime.h"

#include "core/device.h"
#include "tests/gpu/native.h"
#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

// One kernel after another: each gets a tenth of these or more.
constexpr int64_t kProblems = 60;

class DeviceKernels : public testing::TestWithParam<Op> {
protected:
    void SetUp() override {
        ASSERT_TRUE(is_device(device_)) << "INVOLUTE_DEVICE: expected opencl or cuda";
        const involute_status available = involute_isa_check(device_);
        if (available.code != INVOLUTE_OK)
            GTEST_SKIP() << available.message;
        // Memory that was used before is no longer NaN on the stand-in driver.
        halide_reuse_device_allocations(nullptr, false);
    }

    const involute_isa device_ = gpu_tests::device_of_environment();
};

TEST_P(DeviceKernels, AgreeWithTheOracle) {
    check_op(GetParam(), device_, kProblems);
}

// One pixel, the maps of networks, and sides that are one more or less than tiles divide.
TEST_P(DeviceKernels, AgreeAtSidesOfMaps) {
    constexpr int64_t kSides[][2] = {{1, 1}, {7, 57}, {13, 14}, {14, 7}, {57, 13}};
    if (GetParam() == Op::kDense)
        GTEST_SKIP() << "vectors have no sides";
    const std::string first = random_problem(GetParam(), 0, device_).row;
    for (int64_t turn = 0;; ++turn) {
        Problem problem = random_problem(GetParam(), turn, device_);
        if (turn > 0 && problem.row == first)
            break;
        if (problem.upsample > 1) // the map is large enough
            problem.batch = 1, problem.upsample = 2, problem.channels = problem.group_channels;
        for (const auto &[height, width] : kSides) {
            problem.height = height, problem.width = width;
            const bool holds = problem.window().height * problem.dilation <= height &&
                               problem.window().width * problem.dilation <= width;
            if (problem.entry()->form == Form::kClamp && !holds)
                continue; // is no case: windows must fit the map
            ASSERT_EQ(check(problem, random_operands(problem)), "");
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, DeviceKernels, testing::ValuesIn(all_ops()), name_of);

} // namespace
} // namespace involute::kernel_tests
