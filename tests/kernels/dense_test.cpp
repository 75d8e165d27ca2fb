// The fully connected layer.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Dense, RandomProblemsStayWithinTheBound) {
    check_op(Op::kDense);
}

} // namespace involute::kernel_tests
