// Another cost than time: instructions, counted by valgrind, under QEMU by a plugin of it. Exact
// whatever else the machine does, but blind to caches and ports: for instruction sets that valgrind
// knows (up to AVX2), and NEON without an ARM machine.
#pragma once

#include <string>

#include "bench_options.h"

namespace involute {

inline const std::string kTime = "time", kInstructions = "instructions"; // --cost

// Stops with exit 3 where what counts is not there or does not know the instruction set.
void require_counting(involute_isa isa);

// Of one call of the kernel `symbol` in a run of the case on one thread. `folder` may be written
// to. Returns 0 and says why in `failure` where there is nothing to count.
double count_instructions(const BenchCase &which, const std::string &symbol,
                          const std::string &folder, std::string *failure);

} // namespace involute
