// The aggregation as in aggregation.cpp, the products as in conv2d.cpp; those of 3x3 kernels have
// 10 pixels x 2 vectors (244 instructions for 160 multiply-adds; by llvm-mca 94% of the multiply-
// adders of Neoverse-N1 and 95 of V2).
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const InvolutionCut &cut, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, cut, pipeline);
}

} // namespace involute::schedules::arm
