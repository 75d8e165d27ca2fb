// Random settings of a schedule's knobs, and the promise that none of them changes a bit.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "core/registry.h"

namespace involute::kernel_tests {

// The ops whose schedules have knobs.
const std::vector<Op> &ops_with_knobs();

// "name=value,..." with a random value for every knob of the row, within its range and within the
// registers of its instruction set.
std::string random_knobs(const KernelEntry &kernel, std::mt19937_64 *random);

// Settings that must be refused, and what the message must name.
struct IllegalKnobs {
    std::string text, named;
};
std::vector<IllegalKnobs> illegal_knobs(const KernelEntry &kernel);

// Builds `count` random points over the rows of the op and the instruction sets, and compares their
// results with those of the library's kernels. Schedules for an instruction set that this CPU lacks
// are built as code for the one it has. Failures go to GoogleTest.
void check_knob_points(Op op, int count, uint64_t seed);

} // namespace involute::kernel_tests
