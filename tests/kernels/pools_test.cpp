// Largest value, mean of a window and mean of a map.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(MaxPool, RandomProblemsGiveTheExactValue) {
    check_op(Op::kMaxPool);
}

TEST(AvgPool, RandomProblemsStayWithinTheBound) {
    check_op(Op::kAvgPool);
}

TEST(GlobalPool, RandomProblemsStayWithinTheBound) {
    check_op(Op::kGlobalPool);
}

} // namespace involute::kernel_tests
