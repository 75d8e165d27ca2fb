// Far from the limit: 8 partial sums are two vectors, and the tree that adds them is made of
// shuffles that LLVM spills around: 967 instructions for 98 multiply-adds, by llvm-mca 10% of the
// multiply-adders of Neoverse-N1 and 12 of V2.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::AggregationGradWeight &op, const AggregationGradWeightKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::arm
