// The gradient of the aggregation's kernels.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(AggregationGradWeight, RandomProblemsStayWithinTheBound) {
    check_op(Op::kAggregationGradWeight);
}

} // namespace involute::kernel_tests
