// Registers: one pixel x NR columns (AVX2 4 accumulators, AVX-512 2). 2048 -> 1000 reads 8 MB of
// weights in 0.20 ms (Zen 5, one thread) or 0.53 (Zen 3): 41 and 15 GB/s, what memory gives.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Dense &op, const DenseKnobs &knobs, const Machine &machine) {
    cpu::schedule(op, knobs, machine);
}

} // namespace involute::schedules::x86
