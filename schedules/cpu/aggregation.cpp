// Windows of pixels in a row: the sum of a tile stays in registers while the taps pass. The input,
// copied with its border once a task, holds the groups apart.
#include "schedules/cpu/column_order.h"
#include "schedules/cpu/rows.h"
#include "schedules/cpu/stages.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::Aggregation;

void compute_sum(Aggregation &op, const Machine &machine, const Steps &steps, bool unroll_taps,
                 const Var &tile) {
    const Expr group_channels = group_size(op.out);
    const RVar &kx = op.taps.x;
    accumulate_channels(op.sum, LoopLevel(op.out, step_loop(group_channels, steps, tile)), op.ci,
                        group_channels, machine, steps, {op.x, kx, op.taps.y}, {op.x});
    // Channel by channel LLVM would add unrolled taps in an order of its own.
    if (unroll_taps && Internal::is_const(kx.extent()) && Internal::is_const(group_channels)) {
        op.sum.update().unroll(kx);
    }
}

void order_columns(Aggregation &op, const RowTiles &tiles, Pipeline pipeline) {
    // 3x3 is 6% slower in this order with AVX-512 (Zen 5, 32@112), 7x7 1 to 2% faster; with AVX2 it
    // is the same code.
    constexpr int kManyTaps = 5;
    const bool many = constant_size(op.taps.x.extent()) >= kManyTaps;
    const int channels = tiles.step != 0 ? tiles.step
                         : many          ? constant_size(group_size(op.out))
                                         : 0;
    if (channels != 0) {
        pipeline.add_custom_lowering_pass(new ColumnOrder(op.sum, channels, ColumnOrder::kRising));
    }
}

void compute_padded(Aggregation &op, const Machine &machine, const Steps &steps) {
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
              const Expr &rows_per_task, Pipeline pipeline) {
    const Steps steps = {{16, 8, 4, 2}, knobs.tiles.step};
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, knobs.tiles, machine,
         chosen(knobs.task_rows, rows_per_task), steps);
    compute_sum(op, machine, steps, true, op.g);
    order_columns(op, knobs.tiles, pipeline);
    compute_padded(op, machine, steps);
}

} // namespace involute::schedules::cpu
