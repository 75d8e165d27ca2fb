// One pixel and group at a time, nothing but memory to wait for.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

void schedule(generators::ReluGrad &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, RowTiles{}, machine, rows_per_task);
}

} // namespace involute::schedules::cpu
