// Registers: 5 pixels x 4 vectors (20 accumulators, 4 weights, 5 inputs taken lane by lane, of 32).
// Eight steps unrolled are 210 instructions for 160 multiply-adds (1x1): inputs are loaded in
// pairs; by llvm-mca 99% of the multiply-adders of Neoverse-N1 and V2. Windows: six steps, 158 for
// 120, 99%; with three 88 for 60, 96%. 6 pixels (24 accumulators) spill: 147 for 96, 84 and 85%.
// One, two and four steps of 5 pixels: 4 steps 97%, 2 steps 92.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Conv2d &op, const Conv2dKnobs &knobs, const Machine &machine,
              const ProductCut &cut, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, cut, pipeline);
}

} // namespace involute::schedules::arm
