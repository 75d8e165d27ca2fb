// Registers of the constant window as in aggregation.cpp: AVX2 4 or 5 pixels x 2 vectors, AVX-512
// up to 14 x 1. A row of it reads seven rows of both operands from copies with constant distances
// between pixels, 8 rows of one group each: 97 KB of kernels at 56 pixels.
#include "schedules/x86/rows.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::AggregationGradInput;

namespace {

// The smallest power of two that is not below `rows`.
int fold(const Expr &rows) {
    int size = 1;
    while (size < *as_const_int(rows)) {
        size *= 2;
    }
    return size;
}

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

    const Expr kernel = op.taps.x.extent();
    const int rows = fold(kernel);
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
        .bound(op.t, 0, simplify(kernel * kernel))
        .vectorize(op.t, machine.lanes, TailStrategy::GuardWithIf)
        .unroll(op.t);
}

// One pixel of some groups at a time: every group has the same taps there.
void any_window(AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
                const Machine &machine, const Expr &rows_per_task) {
    constexpr int kGroup = 16;
    const OutputImageParam out = op.out.output_buffer();
    const Expr channels = out.dim(0).extent(), groups = out.dim(1).extent();
    const Var yo("yo"), co("co"), go("go");
    const auto cut = [&](Stage at, int block, int together, TailStrategy channel_tail) {
        at.split(op.ci, co, op.ci, block, channel_tail)
            .split(op.g, go, op.g, together, TailStrategy::ShiftInwards)
            .split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
            .reorder({op.ci, op.g, co, go, op.x, op.y, yo, op.b})
            .fuse(yo, op.b, kTask)
            .parallel(kTask)
            .vectorize(op.ci, machine.lanes)
            .unroll(op.ci)
            .unroll(op.g);
    };
    const int together = knobs.groups;
    cut(op.out.specialize(channels % kGroup == 0 && groups >= together), kGroup, together,
        TailStrategy::RoundUp);
    cut(op.out, machine.lanes, 1, TailStrategy::GuardWithIf);
    op.sum.store_in(MemoryType::Stack)
        .compute_at(op.out, co)
        .vectorize(op.ci, machine.lanes, TailStrategy::GuardWithIf)
        .unroll(op.ci)
        .unroll(op.g);
    op.sum.update()
        .reorder(op.ci, op.g, op.taps.x, op.taps.y)
        .vectorize(op.ci, machine.lanes, TailStrategy::GuardWithIf)
        .unroll(op.ci)
        .unroll(op.g);
    op.columns.compute_root();
    op.rows.compute_root();
}

} // namespace

void schedule(AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Expr &rows_per_task) {
    op.constant ? constant_window(op, knobs, machine, rows_per_task)
                : any_window(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::x86
