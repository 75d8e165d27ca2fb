// Registers: half a group, 7 pixels x 2 vectors (14 accumulators, one column of the input), so that
// tiles divide the widths of RedNet. In the order of the columns (cpu/column_order.h) 154
// instructions for 98 multiply-adds, K = 7; by llvm-mca 98 and 97% of the multiply-adders of
// Neoverse-N1 and V2, with 8, 6 and 5 pixels 98 and 98. Tap by tap 7 pixels took 176 with spills
// (84%) and 8 pixels 249 (61%); 4 pixels x 4 vectors spill as well.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Aggregation &op, const AggregationKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, rows_per_task, pipeline);
}

} // namespace involute::schedules::arm
