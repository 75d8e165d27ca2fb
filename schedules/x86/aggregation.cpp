// Registers as in involution.cpp. Alone it reads 196 bytes of kernels a pixel and group: from L2 or
// L3 53% of peak with AVX-512 and 66 - 73 with AVX2 (Zen 5, one thread); from memory 20 - 25 (Zen
// 3, AVX2). Halide removes a prefetch of the kernels here ("always empty"). Generic rows, AVX2: 4
// pixels x 1 or 2 vectors, 22% of peak with groups of 8 channels and 5x5 (Zen 4; 32 with the
// kernels in the caches), 11 with 4 channels, 5 with 2, 3 with one; more in docs/decisions.md.
#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::Aggregation;

void compute_sum(Aggregation &op, const Machine &machine, const std::vector<int> &steps,
                 bool unroll_taps, const Var &tile) {
    const Expr group_channels = group_size(op.out);
    const RVar &kx = op.taps.x;
    accumulate_channels(op.sum, LoopLevel(op.out, step_loop(group_channels, tile)), op.ci,
                        group_channels, machine, steps, {op.x, kx, op.taps.y}, {op.x});
    // Channel by channel LLVM would add unrolled taps in an order of its own.
    if (unroll_taps && Internal::is_const(kx.extent()) && Internal::is_const(group_channels)) {
        op.sum.update().unroll(kx);
    }
}

void compute_padded(Aggregation &op, const Machine &machine, const std::vector<int> &steps) {
    if (op.has_places) {
        op.column.compute_at(op.out, kTask);
        op.row.compute_at(op.out, kTask);
    }
    if (!op.pads) {
        return;
    }
    op.padded.compute_at(op.out, kTask).reorder_storage(op.ci, op.x, op.y, op.g, op.b);
    const Expr group_channels = group_size(op.out);
    specialize_channels(op.padded, group_channels, steps, [&](Stage at, int step) {
        cut_channels(at, op.ci, group_channels, step, {}, {});
        vectorize_step(at, op.ci, step, machine);
    });
}

void schedule(Aggregation &op, const AggregationKnobs &knobs, const Machine &machine,
              const Expr &rows_per_task) {
    const std::vector<int> steps = {16, 8, 4, 2};
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, knobs.tiles, machine,
         chosen(knobs.task_rows, rows_per_task), steps);
    compute_sum(op, machine, steps, true, op.g);
    compute_padded(op, machine, steps);
}

} // namespace involute::schedules::x86
