// For eight taps 8 multiplications, 8 multiply-adds and a tree of 14 shuffles and 7 additions; AVX2
// 8 partial sums and 2 vectors of the gradient in 16 registers. Shuffles share a port with the
// multiply-adders: by Zen 4's ports 61 cycles a pixel where multiply-adds alone take 49. Share of
// peak, K=7, one thread, Zen 4, best of many calls on a shared machine, AVX2 / AVX-512: 64@56 52 /
// 54%, 128@28 54 / 55, 256@14 54 / 53, 512@7 49 / 49. Vectors stay 8 lanes wide with AVX-512: the
// tree is over 8 partial sums. Planar copies with a vector over the taps of a row reached 40 - 43%,
// adjacent pairs in the tree 46 (LLVM makes vhaddps of them). Any window, AVX2: 7x7 of stride 2 17,
// dilation 2 23, 5x5 19, groups of 8 channels 13: addresses cost as much as the sums.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::AggregationGradWeight &op, const AggregationGradWeightKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::x86
