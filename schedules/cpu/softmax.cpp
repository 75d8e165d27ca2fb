// A tile of 8 pixels of one group, or of 8 groups of one pixel, at a time, its taps in L1: the
// trees over the 8 partial sums are vectors over the tile. Without tiles (narrow maps of few
// groups) they are scalars.
#include <algorithm>

#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::kSoftmaxSums;

void schedule(generators::Softmax &op, const Machine &machine, const Expr &rows_per_task) {
    const int lanes = std::min(machine.lanes, kSoftmaxSums), tile = kSoftmaxSums;
    const Var yo("yo"), to("tile");
    OutputImageParam shape = op.out.output_buffer();
    const Expr wide = shape.dim(2).extent() >= tile, many = shape.dim(1).extent() >= tile;
    op.out.split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
        .fuse(yo, op.b, kTask)
        .parallel(kTask)
        .vectorize(op.t, lanes, TailStrategy::GuardWithIf);
    op.out.specialize(many)
        .split(op.g, to, op.g, tile, TailStrategy::ShiftInwards)
        .reorder(op.t, op.g, to, op.x, op.y, kTask);
    op.out.specialize(wide)
        .split(op.x, to, op.x, tile, TailStrategy::ShiftInwards)
        .reorder(op.t, op.g, op.x, to, op.y, kTask);
    op.out.split(op.x, to, op.x, 1).reorder(op.t, op.x, to, op.g, op.y, kTask);
    op.values.compute_at(op.out, to).vectorize(op.t, machine.lanes);
    op.values.update().vectorize(op.all_taps.x, lanes, TailStrategy::GuardWithIf);
    op.powers.compute_at(op.out, to).vectorize(op.t, machine.lanes);
    for (Func *lane : {&op.largest_of, &op.partial}) {
        lane->compute_at(op.out, to).vectorize(op.s, lanes).unroll(op.s);
        lane->update().reorder(op.s, op.blocks).vectorize(op.s, lanes).unroll(op.s);
    }
    for (Func *whole : {&op.largest, &op.inverse}) {
        whole->compute_at(op.out, to);
        whole->specialize(many).vectorize(op.g, tile);
        whole->specialize(wide).vectorize(op.x, tile);
    }
}

} // namespace involute::schedules::cpu
