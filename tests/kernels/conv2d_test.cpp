// Dense convolution in its point, strided and window rows.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Conv2d, RandomProblemsStayWithinTheBound) {
    check_op(Op::kConv2d);
}

} // namespace involute::kernel_tests
