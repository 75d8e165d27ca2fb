// Runs a kernel for a test case with every operand between guard pages and compares every value
// with the oracle. INVOLUTE_CASE="row=... isa=..." in the environment replays one case.
#pragma once

#include <string>
#include <vector>

#include "tests/kernels/call.h"

namespace involute::kernel_tests {

struct Outcome {
    std::string failure; // "" when the call was well
    std::vector<float> values;
};

// One call. Fails when the kernel does, or writes beside its output or into an input.
Outcome run_kernel(const Problem &problem, const Operands &operands, Placement placement,
                   KernelContext *context);

// "" when every value lies within its bound: NaN where the oracle has NaN, the same infinity where
// it has one.
std::string compare(const oracle::Bounded &expected, const std::vector<float> &values);

// Both placements against the oracle; "" when all is well.
std::string check(const Problem &problem, const Operands &operands);

// The test of an op: 1,000 random problems spread over its kernels, or the one of INVOLUTE_CASE.
// Prints how often each kernel was called and why some were not; fails when one that runs here was
// not.
void check_op(Op op);
// The same with `problems` problems for the kernels of a device. Its memory has guards of its own
// where it is the stand-in of tests/mockcuda.
void check_op(Op op, involute_isa device, int64_t problems);

} // namespace involute::kernel_tests
