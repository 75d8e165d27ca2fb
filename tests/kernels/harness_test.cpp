// The harness finds what it is there to find.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {
namespace {

Problem small_conv2d() {
    Problem problem;
    problem.row = "conv2d_point", problem.isa = kLowestIsa;
    problem.height = 3, problem.width = 5, problem.channels = 32, problem.out_channels = 32;
    return problem;
}

} // namespace

TEST(Harness, ProblemsSurviveTheirText) {
    for (const Op op : {Op::kConv2d, Op::kDense, Op::kMaxPool, Op::kInvolution}) {
        for (int64_t turn = 0; turn < 50; ++turn) {
            const Problem problem = random_problem(op, turn);
            Problem parsed;
            ASSERT_TRUE(Problem::parse(problem.text(), &parsed)) << problem.text();
            EXPECT_EQ(parsed.text(), problem.text());
            EXPECT_EQ(random_operands(parsed).input, random_operands(problem).input);
        }
    }
    Problem parsed;
    EXPECT_FALSE(Problem::parse("row=conv2d_point isa=baseline colour=1", &parsed));
    EXPECT_FALSE(Problem::parse("row=no_such_row isa=baseline", &parsed));
    EXPECT_FALSE(Problem::parse("row", &parsed));
}

TEST(Harness, ValuesOutsideTheBoundAreFound) {
    oracle::Bounded wanted(3);
    wanted.value = {1, 2, 3};
    wanted.bound = {0.25, 0, 0.25};
    EXPECT_EQ(compare(wanted, {1.25f, 2, 2.75f}), "");
    EXPECT_NE(compare(wanted, {1.375f, 2, 3}), "");
    EXPECT_NE(compare(wanted, {1, 2, NAN}), "");
    EXPECT_NE(compare(wanted, {1, 2, INFINITY}), "");
    EXPECT_NE(compare(wanted, {1, 2}), "");
    wanted.value[2] = NAN;
    EXPECT_NE(compare(wanted, {1, 2, 3}), "");
    EXPECT_EQ(compare(wanted, {1, 2, NAN}), "");
}

// One weight off by one part in a thousand.
TEST(Harness, SmallMistakeOfAKernelIsFound) {
    const Problem problem = small_conv2d();
    Operands operands = random_operands(problem);
    const oracle::Bounded wanted = expected(problem, operands);
    operands.weight[137] *= 1.001f;
    KernelContext context(nullptr, 0);
    const Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
    EXPECT_EQ(outcome.failure, "");
    EXPECT_NE(compare(wanted, outcome.values), "");
}

TEST(Harness, StrayWritesAreFound) {
    for (const Placement placement : {Placement::kFlushWithEnd, Placement::kFlushWithStart}) {
        const GuardedBuffer buffer(5, placement);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE(std::isnan(buffer.data()[i]));
            buffer.data()[i] = 1;
        }
        EXPECT_TRUE(buffer.slack_untouched());
        buffer.data()[5] = 1;
        EXPECT_FALSE(buffer.slack_untouched());
    }
}

TEST(HarnessDeathTest, AccessBeyondTheGuardEndsTheTest) {
    const GuardedBuffer at_end(16, Placement::kFlushWithEnd);
    EXPECT_DEATH(at_end.data()[16] = 1, "");
    const GuardedBuffer at_start(16, Placement::kFlushWithStart);
    EXPECT_DEATH(at_start.data()[-1] = 1, "");
}

} // namespace involute::kernel_tests
