// Registers of the constant window: 4 pixels x 4 vectors, tap by tap: 203 instructions for 112
// multiply-adds, 13 of them stores of spilled registers; by llvm-mca 78% of the multiply-adders of
// Neoverse-N1 and 81 of V2.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::arm
