// No knob changes a bit of a result, and impossible settings are refused before anything is
// compiled. tests/long/ has more points.
#include "tests/kernels/knob_points.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/isa.h"
#include "tests/kernels/emitted.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

class KnobPoints : public ::testing::TestWithParam<Op> {};

const KernelEntry &some_kernel(Op op, involute_isa isa) {
    for (const KernelEntry &kernel : kernel_table())
        if (kernel.op == op && kernel.isa == isa)
            return kernel;
    return *kernel_table().first;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, KnobPoints, ::testing::ValuesIn(ops_with_knobs()), name_of);

TEST_P(KnobPoints, NeverChangeABit) {
    check_knob_points(GetParam(), 4, 1);
}

TEST_P(KnobPoints, IllegalOnesAreRefusedByName) {
    const std::string folder = ::testing::TempDir() + "illegal_knobs." + std::to_string(getpid());
    std::filesystem::create_directories(folder);
    for (involute_isa isa : kAllIsas) {
        if ((isa_situation().built & 1u << isa) == 0)
            continue;
        const KernelEntry &kernel = some_kernel(GetParam(), isa);
        for (const IllegalKnobs &knobs : illegal_knobs(kernel)) {
            EmitRequest request;
            request.row = kernel.row, request.isa = isa_name(isa), request.knobs = knobs.text;
            SCOPED_TRACE("emit " + request.text());
            const CommandResult result = run_emit(request, folder);
            EXPECT_EQ(result.exit_code, 4);
            EXPECT_NE(result.output.find(knobs.named), std::string::npos) << result.output;
            EXPECT_FALSE(std::filesystem::exists(folder + "/" + kernel.symbol + ".o"));
        }
    }
    std::filesystem::remove_all(folder);
}

} // namespace involute::kernel_tests
