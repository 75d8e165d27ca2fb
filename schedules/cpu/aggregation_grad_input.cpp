// The aggregation turned round: what flows to a pixel comes from the windows that held it.
#include <algorithm>

#include "schedules/cpu/column_order.h"
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::AggregationGradInput;

namespace {

// A task is a run of rows; in it one group after another, whose padded rows stay in the L1 and L2
// caches: each row of the result needs one new row of both operands.
void constant_window(AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
                     const Machine &machine, const Expr &rows_per_task) {
    const Var xi("xi"), yo("yo");
    specialize_tiles(op.out, op.out.output_buffer().dim(2).extent(), knobs.tiles,
                     [&](Stage at, int tile) {
                         at.split(op.x, kTile, xi, tile, TailStrategy::ShiftInwards)
                             .split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
                             .reorder(op.ci, xi, kTile, op.y, op.g, yo, op.b)
                             .fuse(yo, op.b, kTask)
                             .parallel(kTask)
                             .vectorize(op.ci, machine.lanes)
                             .unroll(op.ci)
                             .unroll(xi);
                     });
    op.sum.store_in(MemoryType::Register)
        .compute_at(op.out, kTile)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci)
        .unroll(op.x);
    op.sum.update()
        .reorder(op.ci, op.x, op.taps.x, op.taps.y)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci)
        .unroll(op.x)
        .unroll(op.taps.x);

    const int kernel = op.constant_kernel, rows = ring_rows(kernel);
    op.padded_grad.store_at(op.out, op.g)
        .compute_at(op.out, op.y)
        .fold_storage(op.y, rows)
        .reorder_storage(op.ci, op.x, op.y, op.g, op.b)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci);
    op.padded_kernels.store_at(op.out, op.g)
        .compute_at(op.out, op.y)
        .fold_storage(op.y, rows)
        .reorder_storage(op.t, op.x, op.y, op.g, op.b)
        .bound(op.t, 0, kernel * kernel)
        .vectorize(op.t, machine.lanes, TailStrategy::GuardWithIf)
        .unroll(op.t);
}

// One pixel of some groups at a time: every group has the same taps there. Groups of whole vectors
// are done in blocks of 16 channels, or of 32 where there are too few of them; others in blocks of
// eight.
void any_window(AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
                const Machine &machine, const Expr &rows_per_task) {
    constexpr int kBlock = 16, kNarrow = 8;
    const int lanes = machine.lanes, narrow = std::min(lanes, kNarrow);
    const OutputImageParam out = op.out.output_buffer();
    const Expr channels = out.dim(0).extent(), groups = out.dim(1).extent();
    const Expr whole = channels % kBlock == 0;
    const Var yo("yo"), co("co"), go("go");
    const auto cut = [&](Stage at, int block, int together) {
        const bool fits = block > narrow;
        at.split(op.ci, co, op.ci, block, fits ? TailStrategy::RoundUp : TailStrategy::GuardWithIf)
            .split(op.g, go, op.g, together, TailStrategy::ShiftInwards)
            .split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
            .reorder({op.ci, op.g, co, op.x, op.y, go, yo, op.b})
            .fuse(yo, op.b, kTask)
            .parallel(kTask)
            .unroll(op.g);
        fits ? at.vectorize(op.ci, lanes).unroll(op.ci) : at.vectorize(op.ci);
    };
    const int together = knobs.groups;
    cut(op.out.specialize(whole && groups >= together), kBlock, together);
    cut(op.out.specialize(channels % (2 * kBlock) == 0), 2 * kBlock, 1);
    for (int some : {2 * together, together}) {
        cut(op.out.specialize(groups >= some), narrow, some);
    }
    cut(op.out, narrow, 1);

    op.sum.store_in(MemoryType::Stack)
        .compute_at(op.out, co)
        .align_bounds(op.ci, narrow)
        .bound_storage(op.ci, 2 * kBlock);
    op.sum.update().reorder(op.ci, op.g, op.taps.x, op.taps.y);
    for (Stage stage : {Stage(op.sum), Stage(op.sum.update())}) {
        if (lanes > narrow) {
            stage.specialize(whole).vectorize(op.ci, lanes).unroll(op.ci).unroll(op.g);
        }
        stage.vectorize(op.ci, narrow).unroll(op.ci).unroll(op.g);
    }
    op.filled_grad.compute_at(op.out, go)
        .align_bounds(op.ci, kNarrow)
        .reorder_storage(op.ci, op.g, op.x, op.y, op.b)
        .vectorize(op.ci, narrow);
    op.columns.compute_root();
    op.rows.compute_root();
}

} // namespace

void schedule(AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Expr &given_rows, Pipeline pipeline) {
    const Expr rows_per_task = chosen(knobs.task_rows, given_rows);
    if (op.constant_kernel == 0) {
        any_window(op, knobs, machine, rows_per_task);
        return;
    }
    constant_window(op, knobs, machine, rows_per_task);
    pipeline.add_custom_lowering_pass(new ColumnOrder(op.sum, 16, ColumnOrder::kFalling));
}

} // namespace involute::schedules::cpu
