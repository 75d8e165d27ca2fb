// The gradient of the aggregation's input.
#include <gtest/gtest.h>

#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(AggregationGradInput, RandomProblemsStayWithinTheBound) {
    check_op(Op::kAggregationGradInput);
}

} // namespace involute::kernel_tests
