// Registers of the constant window: 5 pixels x 4 vectors of accumulators and one column of the
// gradient. In the order of the columns (cpu/column_order.h) 208 instructions for 140
// multiply-adds, K = 7, nothing spilled; by llvm-mca 99% of the multiply-adders of Neoverse-N1 and
// V2, with 4 and 6 pixels as much. Tap by tap 5 pixels took 286 (69%) and 4 pixels 204 (78%).
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task,
              Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, rows_per_task, pipeline);
}

} // namespace involute::schedules::arm
