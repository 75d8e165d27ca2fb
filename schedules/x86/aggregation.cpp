// Registers as in involution.cpp. Alone it reads 196 bytes of kernels a pixel and group: from L2 or
// L3 53% of peak with AVX-512 and 66 - 73 with AVX2 (Zen 5, one thread); from memory 20 - 25 (Zen
// 3, AVX2). Halide removes a prefetch of the kernels here ("always empty"). Generic rows, AVX2: 4
// pixels x 1 or 2 vectors, 22% of peak with groups of 8 channels and 5x5 (Zen 4; 32 with the
// kernels in the caches), 11 with 4 channels, 5 with 2, 3 with one; more in docs/decisions.md.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Aggregation &op, const AggregationKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, rows_per_task, pipeline);
}

} // namespace involute::schedules::x86
