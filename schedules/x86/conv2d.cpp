// Registers: AVX2 6 pixels x 2 vectors (12 accumulators, 2 weights, 1 input of 16), AVX-512 7 x 2
// of 32 (14 x 1 for odd blocks), SSE2 2 x 4 (8 accumulators, 4 weights, input and product). L1: the
// weights of a block, NR*K*4 bytes, and the inputs of a tile; beyond K = 512 the weights come from
// L2 tile by tile. Share of peak inside RedNet-50 at 224x224, one thread, Zen 5, AVX-512 / AVX2:
// 56x56 96 / 97%, 28x28 96 / 97, 14x14 97 / 97, 7x7 95 / 93, strided 94 - 95 / 90 - 94, 3x3 stem
// 3->32 59 / 66, 32->64 92 / 94. Zen 3, AVX2, before weights were asked for: 83 - 90, 7x7 75.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Conv2d &op, const Conv2dKnobs &knobs, const Machine &machine,
              const ProductCut &cut, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, cut, pipeline);
}

} // namespace involute::schedules::x86
