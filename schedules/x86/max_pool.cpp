// One pixel and group in registers; the 3x3 window at 112x112 takes 0.23 ms (AVX2, one thread, Zen
// 3), 0.3% of RedNet-50.
#include "schedules/x86/rows.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::MaxPool &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, RowTiles{}, machine, rows_per_task);
    op.largest.store_in(Halide::MemoryType::Register)
        .compute_at(op.out, op.g)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci);
    op.largest.update()
        .reorder(op.ci, op.window.x, op.window.y)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci);
}

} // namespace involute::schedules::x86
