// Aggregation with given kernels.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Aggregation, RandomProblemsStayWithinTheBound) {
    check_op(Op::kAggregation);
}

} // namespace involute::kernel_tests
