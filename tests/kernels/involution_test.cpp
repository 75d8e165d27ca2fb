// Kernel generation and aggregation as one kernel.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Involution, RandomProblemsStayWithinTheBound) {
    check_op(Op::kInvolution);
}

} // namespace involute::kernel_tests
