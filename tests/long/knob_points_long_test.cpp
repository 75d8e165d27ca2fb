// tests/determinism/knob_points_test.cpp with 50 points an op.
#include <gtest/gtest.h>

#include "tests/kernels/knob_points.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

class ManyKnobPoints : public ::testing::TestWithParam<Op> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, ManyKnobPoints, ::testing::ValuesIn(ops_with_knobs()), name_of);

TEST_P(ManyKnobPoints, NeverChangeABit) {
    check_knob_points(GetParam(), 50, 1000);
}

} // namespace involute::kernel_tests
