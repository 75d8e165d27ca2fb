// Kernel generation, with the bottleneck and as a single layer.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(KernelGeneration, RandomProblemsStayWithinTheBound) {
    check_op(Op::kKernelGeneration);
}

} // namespace involute::kernel_tests
