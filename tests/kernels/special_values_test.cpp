// NaN, infinities, denormals and -0: a kernel does with them what the formula does.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

constexpr int64_t kProblemsPerKernel = 24;

// visit(problem, operands) for problems of every kernel that runs here.
template <class Visit>
void for_problems(Op op, Visit visit) {
    const int64_t count = static_cast<int64_t>(available_kernels(op).size()) * kProblemsPerKernel;
    for (int64_t turn = 0; turn < count; ++turn) {
        const Problem problem = random_problem(op, turn);
        SCOPED_TRACE("INVOLUTE_CASE=\"" + problem.text() + "\"");
        visit(problem, random_operands(problem));
    }
}

std::vector<float> run(const Problem &problem, const Operands &operands) {
    KernelContext context(nullptr, 0);
    Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
    EXPECT_EQ(outcome.failure, "");
    return std::move(outcome.values);
}

enum class Kind { kFinite, kNan, kInfinite };

Kind kind_of(double value) {
    return std::isnan(value) ? Kind::kNan : std::isinf(value) ? Kind::kInfinite : Kind::kFinite;
}

bool agrees(double wanted, double bound, double value) {
    if (kind_of(wanted) != Kind::kFinite || kind_of(value) != Kind::kFinite)
        return std::isnan(wanted) ? std::isnan(value) : wanted == value;
    // The bound of a value that an infinity was clipped from is none.
    return !std::isfinite(bound) || std::fabs(wanted - value) <= bound;
}

// What special values come in by: the input, or the gradient that is handed on.
std::vector<float> &read_by(const Problem &problem, Operands *operands) {
    const Op op = problem.entry()->op;
    const bool hands_on = goes_back(op) || op == Op::kReluGrad;
    return hands_on ? operands->grad : operands->input;
}

// Puts `special` at one place of it. What depends on it must come out as the formula says;
// all other values must not change a bit. Counts the former in `reached`.
std::string spread(const Problem &problem, Operands operands, float special, int *reached) {
    const std::vector<float> before = run(problem, operands);
    std::vector<float> &read = read_by(problem, &operands);
    float &place = read[static_cast<size_t>(problem.seed * 7919) % read.size()];
    place = std::numeric_limits<float>::quiet_NaN();
    const oracle::Bounded depends = expected(problem, operands);
    place = special;
    const oracle::Bounded wanted = expected(problem, operands);
    const std::vector<float> after = run(problem, operands);
    *reached = 0;
    for (size_t i = 0; i < after.size(); ++i) {
        const double value = static_cast<double>(after[i]);
        const bool reaches = std::isnan(depends.value[i]);
        *reached += reaches;
        const bool accepted = !reaches ? std::memcmp(&before[i], &after[i], sizeof(float)) == 0
                                       : agrees(wanted.value[i], wanted.bound[i], value);
        if (!accepted) {
            return "output " + std::to_string(i) + " for an input " + std::to_string(special) +
                   ": expected " + std::to_string(wanted.value[i]) + ", got " +
                   std::to_string(value);
        }
    }
    return "";
}

class SpecialValues : public ::testing::TestWithParam<Op> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, SpecialValues, ::testing::ValuesIn(all_ops()), name_of);

// Also through ReLU, which half of the problems have.
TEST_P(SpecialValues, NanReachesTheOutputsThatDependOnIt) {
    for_problems(GetParam(), [&](const Problem &problem, const Operands &operands) {
        int reached = 0;
        EXPECT_EQ(spread(problem, operands, std::numeric_limits<float>::quiet_NaN(), &reached), "");
        // With a stride some inputs at the border may have no say; a ReLU silences many.
        if (problem.stride == 1 && GetParam() != Op::kReluGrad) {
            EXPECT_GT(reached, 0);
        }
    });
}

TEST_P(SpecialValues, InfinityReachesTheOutputsThatDependOnIt) {
    const float infinity = std::numeric_limits<float>::infinity();
    for_problems(GetParam(), [&](const Problem &problem, const Operands &operands) {
        int reached = 0;
        EXPECT_EQ(spread(problem, operands, infinity, &reached), "");
        EXPECT_EQ(spread(problem, operands, -infinity, &reached), "");
    });
}

// Flushing to zero would be off by the whole value.
TEST_P(SpecialValues, DenormalsAreKept) {
    bool denormal = false;
    for_problems(GetParam(), [&](const Problem &problem, Operands operands) {
        std::vector<float> *const addend =
            GetParam() == Op::kAvgPoolGrad ? &operands.input : &operands.residual;
        for (std::vector<float> *values : {&read_by(problem, &operands), addend})
            for (float &value : *values)
                value *= 0x1p-130f;
        for (std::vector<float> *values : {&operands.shift, &operands.reduce_bias})
            std::fill(values->begin(), values->end(), 0.0f);
        // The kernels of an involution are to stay of size 1, so that its product is denormal.
        if (GetParam() != Op::kInvolution)
            std::fill(operands.bias.begin(), operands.bias.end(), 0.0f);
        EXPECT_EQ(check(problem, operands), "");
        for (const float value : run(problem, operands))
            denormal = denormal || std::fpclassify(value) == FP_SUBNORMAL;
    });
    // Of small scores a softmax makes equal weights.
    EXPECT_TRUE(denormal || GetParam() == Op::kSoftmax);
}

// Sums of -0 alone, and the largest of them; windows with padding also hold +0, so only those
// without are taken.
TEST(NegativeZero, IsKept) {
    for (const Op op : {Op::kConv2d, Op::kDense, Op::kMaxPool}) {
        int count = 0;
        for_problems(op, [&](const Problem &problem, Operands operands) {
            const bool keeps =
                op == Op::kConv2d ? problem.window().taps() == 1 && problem.residual != 0 : true;
            if (!keeps)
                return;
            ++count;
            std::fill(operands.input.begin(), operands.input.end(), -0.0f);
            std::fill(operands.residual.begin(), operands.residual.end(), -0.0f);
            std::fill(operands.bias.begin(), operands.bias.end(), -0.0f);
            std::fill(operands.weight.begin(), operands.weight.end(), 1.0f);
            for (const float value : run(problem, operands))
                ASSERT_TRUE(value == 0 && std::signbit(value)) << value;
        });
        EXPECT_GT(count, 0) << op_name(op);
    }
}

} // namespace involute::kernel_tests
