// Gradient of a ReLU.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(ReluGrad, RandomProblemsStayWithinTheBound) {
    check_op(Op::kReluGrad);
}

TEST(ReluGrad, PassesOnlyWhereTheOutputIsAboveZero) {
    Problem problem;
    problem.row = "relu_grad", problem.isa = kLowestIsa, problem.channels = 4;
    Operands operands;
    operands.input = {0, -0.0f, 0x1p-149f, 3};
    operands.grad = {5, 6, 7, -8};
    KernelContext context(nullptr, 0);
    const Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
    ASSERT_EQ(outcome.failure, "");
    EXPECT_EQ(outcome.values, (std::vector<float>{0, 0, 7, -8}));
}

} // namespace involute::kernel_tests
