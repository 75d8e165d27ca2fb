// The locally connected layer.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Local, RandomProblemsStayWithinTheBound) {
    check_op(Op::kLocal);
}

// With the same weights at every pixel it is a convolution.
TEST(Local, RepeatedWeightsAreAConvolution) {
    Problem local;
    local.row = "local_grouped", local.isa = kLowestIsa, local.kernel = 3, local.stride = 2;
    local.height = 5, local.width = 7, local.channels = 6, local.out_channels = 10;
    local.conv_groups = 2, local.batch = 5;
    Problem convolution = local;
    convolution.row = "conv2d_grouped";
    const Operands once = random_operands(convolution);
    Operands repeated = once;
    const size_t pixels = static_cast<size_t>(local.out_height() * local.out_width());
    for (std::vector<float> *values : {&repeated.weight, &repeated.bias}) {
        std::vector<float> all;
        for (const float value : *values)
            all.insert(all.end(), pixels, value);
        *values = all;
    }
    KernelContext context(nullptr, 0);
    const Outcome outcome = run_kernel(local, repeated, Placement::kFlushWithEnd, &context);
    ASSERT_EQ(outcome.failure, "");
    EXPECT_EQ(compare(expected(convolution, once), outcome.values), "");
}

} // namespace involute::kernel_tests
