// The algorithms can be scheduled by machine (Mullapudi2016) and run without a schedule (naive).
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/isa.h"
#include "tests/kernels/emitted.h"
#include "tests/kernels/harness.h"

namespace involute::kernel_tests {
namespace {

constexpr const char *kMullapudi = "mullapudi2016";

// The first row of each form of an op, for the best instruction set that is at hand.
std::vector<const KernelEntry *> one_of_each_form(Op op, bool generic_rows) {
    const bool avx2 = involute_isa_check(INVOLUTE_ISA_AVX2).code == INVOLUTE_OK;
    std::vector<const KernelEntry *> kernels;
    std::set<std::pair<Form, int>> seen;
    for (const KernelEntry *kernel : available_kernels(op))
        if (kernel->isa == (avx2 ? INVOLUTE_ISA_AVX2 : INVOLUTE_ISA_BASELINE) &&
            (generic_rows || !kernel->is_generic()) &&
            seen.insert({kernel->form, kernel->stride}).second)
            kernels.push_back(kernel);
    return kernels;
}

// The least extent of a dimension that stands innermost in a tensor.
int64_t innermost(const Problem &problem) {
    const KernelEntry &kernel = *problem.entry();
    if (is_gradient(kernel.op) || kernel.op == Op::kSoftmax)
        return std::min(problem.group_channels, problem.window().taps());
    return kernel.op == Op::kLocal         ? problem.out_channels / problem.conv_groups
           : kernel.op == Op::kAvgPoolGrad ? problem.channels
                                           : 16;
}

class OtherSchedules : public ::testing::TestWithParam<Op> {
protected:
    void check(const std::string &schedule, bool generic_rows) {
        std::vector<const KernelEntry *> kernels = one_of_each_form(GetParam(), generic_rows);
        if (kernels.empty()) // the op has no others
            kernels = one_of_each_form(GetParam(), true);
        ASSERT_FALSE(kernels.empty());
        for (const KernelEntry *kernel : kernels) {
            EmitRequest request;
            request.row = kernel->row, request.isa = isa_name(kernel->isa);
            request.schedule = schedule;
            SCOPED_TRACE("emit " + request.text());
            std::string error;
            const KernelFunction function = emitted_kernel(request, &error);
            ASSERT_NE(function, nullptr) << error;
            for (const Problem &problem : problems_for(*kernel, 10)) {
                // Its vectors step back from the end of the innermost dimension, as far as they
                // are long: groups and windows must hold one.
                if (innermost(problem) < 8 && schedule == kMullapudi)
                    continue;
                const Operands operands = random_operands(problem);
                ASSERT_EQ(
                    compare(expected(problem, operands), run_emitted(function, problem, operands)),
                    "")
                    << "INVOLUTE_CASE=\"" << problem.text() << "\"";
            }
        }
    }
};

std::string name_of(const ::testing::TestParamInfo<Op> &info) {
    return op_name(info.param);
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, OtherSchedules, ::testing::ValuesIn(all_ops()), name_of);

TEST_P(OtherSchedules, NaiveStaysWithinTheBound) {
    check("naive", true);
}

// Its tiles and vectors are made for the estimated sizes and refuse smaller ones, which generic
// rows are for: "bias is accessed at -5" with 3 channels.
TEST_P(OtherSchedules, MullapudiStaysWithinTheBound) {
    check(kMullapudi, false);
}

} // namespace involute::kernel_tests
