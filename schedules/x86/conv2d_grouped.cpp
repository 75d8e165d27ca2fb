// Registers: one vector of output channels x AVX2 12, AVX-512 14, SSE2 8 pixels. Weights are padded
// to whole vectors, results are stored under a mask where a group ends within one. 64@56, 3x3,
// AVX2, Zen 4: 4 groups 61% of peak, 8 groups 51, 16 groups (4 channels, half a vector) 16, 32
// groups 5, depthwise 24, 7x7 45.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Conv2dGrouped &op, const Conv2dGroupedKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task) {
    cpu::schedule(op, knobs, machine, pixels_per_task);
}

} // namespace involute::schedules::x86
