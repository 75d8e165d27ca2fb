// Dense convolution in its point, strided and window rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Conv2d, RandomProblemsStayWithinTheBound) {
    check_op(Op::kConv2d);
}

// Whatever the cut: a value that is written twice would be written wrong.
TEST(Conv2d, TheOutputMayLieOverTheResidual) {
    KernelContext context(nullptr, 0);
    int tried = 0;
    for (int64_t turn = 0; tried < 200; ++turn) {
        const Problem problem = random_problem(Op::kConv2d, turn);
        if (problem.residual == 0)
            continue;
        ++tried;
        const Operands operands = random_operands(problem);
        const Outcome apart = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
        ASSERT_EQ(apart.failure, "");
        std::vector<Argument> arguments =
            make_arguments(problem, operands, Placement::kFlushWithEnd);
        const auto residual =
            std::find_if(arguments.begin(), arguments.end(),
                         [](const Argument &argument) { return argument.name == "residual"; });
        Argument &output = arguments.back();
        ASSERT_NE(residual, arguments.end());
        ASSERT_EQ(residual->memory.size(), output.memory.size());
        std::copy_n(residual->memory.data(), output.memory.size(), output.memory.data());
        residual->elsewhere = output.memory.data();
        ASSERT_EQ(call_kernel(*problem.entry(), arguments, &context), 0);
        const std::vector<float> over = unpack_output(problem, output);
        ASSERT_EQ(over.size(), apart.values.size());
        EXPECT_EQ(std::memcmp(over.data(), apart.values.data(), over.size() * sizeof(float)), 0)
            << problem.text();
    }
}

} // namespace involute::kernel_tests
