// Registers of the constant window as in aggregation.cpp: AVX2 4 or 5 pixels x 2 vectors, AVX-512
// up to 14 x 1. L2: a ring of 8 rows of one group's kernels with constant distances between pixels,
// 97 KB at 56 pixels. Share of peak, K=7, one thread, Zen 4, best of many calls on a shared
// machine, AVX2 / AVX-512: 64@56 52 / 60% (its kernels come from L3, the copy is a second pass over
// them), 128@28 60 / 67, 256@14 52 / 67, 512@7 59 / 67: rows of taps beyond the border are skipped.
// In the order of the columns (cpu/column_order.h) AVX2 spills nothing: 155 -> 132 instructions for
// 70 multiply-adds, 256@14 0.061 -> 0.050 ms on a Zen 5, larger maps as before.
// Any window, AVX2: 5x5 128@28 39, stride 2 38, groups of 8 channels 21 - 28, of 20 9 - 17.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task,
              Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, rows_per_task, pipeline);
}

} // namespace involute::schedules::x86
