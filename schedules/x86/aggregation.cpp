// Registers as in involution.cpp. Alone it reads 196 bytes of kernels a pixel and group: from L2 or
// L3 53% of peak with AVX-512 and 66 - 73 with AVX2 (Zen 5, one thread); from memory 20 - 25 (Zen
// 3, AVX2). Halide removes a prefetch of the kernels here ("always empty").
#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::Aggregation;

void compute_sum(Aggregation &op, const Machine &machine, bool unroll_taps, const Var &tile) {
    op.sum.store_in(MemoryType::Register)
        .compute_at(op.out, tile)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci)
        .unroll(op.x);
    Stage update = op.sum.update();
    update.reorder(op.ci, op.x, op.taps.x, op.taps.y)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci)
        .unroll(op.x);
    if (unroll_taps) {
        update.unroll(op.taps.x);
    }
}

void compute_padded(Aggregation &op, const Machine &machine) {
    op.padded.compute_at(op.out, kTask)
        .reorder_storage(op.ci, op.x, op.y, op.g, op.b)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci);
}

void schedule(Aggregation &op, const AggregationKnobs &knobs, const Machine &machine,
              const Expr &rows_per_task) {
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, knobs.tiles, machine, rows_per_task);
    compute_sum(op, machine, true, op.g);
    compute_padded(op, machine);
}

} // namespace involute::schedules::x86
