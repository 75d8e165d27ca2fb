// Gradient of average pooling.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(AvgPoolGrad, RandomProblemsStayWithinTheBound) {
    check_op(Op::kAvgPoolGrad);
}

// A 3x3 map in windows of 2x2: those at the border hold two pixels, the last one.
TEST(AvgPoolGrad, SharesAmongThePixelsThatAWindowHolds) {
    Problem problem;
    problem.row = "avg_pool_grad", problem.isa = kLowestIsa, problem.channels = 1;
    problem.height = problem.width = 3, problem.stride = problem.kernel = 2;
    Operands operands;
    operands.input = {100, 0, 0, 0, 0, 0, 0, 0, 0}; // added to
    operands.grad = {4, 6, 8, 5};
    KernelContext context(nullptr, 0);
    const Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
    ASSERT_EQ(outcome.failure, "");
    EXPECT_EQ(outcome.values, (std::vector<float>{101, 1, 3, 1, 1, 3, 4, 4, 5}));
}

} // namespace involute::kernel_tests
