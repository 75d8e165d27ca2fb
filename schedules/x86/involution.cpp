#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::Involution;

// A task is a run of rows of some images, a block of it as many rows as leave their kernels in the
// L2 cache. The kernels of a block are a product over its pixels, so that every weight is loaded
// once a block; then the groups are aggregated one after another, each from a plane of its own.
// The loops inside a task are parallel too: they are cut for the threads where all maps together
// are one task.
void schedule(Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const InvolutionCut &cut) {
    auto &[generation, aggregation] = op;
    Func &out = aggregation.out;
    const Var &ci = aggregation.ci, &g = aggregation.g, &x = aggregation.x, &y = aggregation.y,
              &b = aggregation.b;
    const Expr width = out.output_buffer().dim(2).extent();
    const Var xi("xi"), yo("yo"), yb("yb"), yi("yi"), bo("bo"), bi("bi");
    specialize_tiles(out, width, knobs.tiles, [&](Stage at, int tile) {
        at.split(x, kTile, xi, tile, TailStrategy::ShiftInwards)
            .split(y, yo, yb, cut.rows_per_task, TailStrategy::GuardWithIf)
            .split(yb, kBlock, yi, cut.rows_per_block, TailStrategy::GuardWithIf)
            .split(b, bo, bi, cut.images_per_task, TailStrategy::GuardWithIf)
            .reorder({ci, xi, kTile, yi, g, bi, kBlock, yo, bo})
            .parallel(g)
            .fuse(yo, bo, kTask)
            .parallel(kTask)
            .vectorize(ci, machine.lanes)
            .unroll(ci)
            .unroll(xi);
    });
    compute_sum(aggregation, machine, knobs.unroll_taps == 1, kTile);
    compute_padded(aggregation, machine);
    aggregation.padded.parallel(aggregation.y);
    compute_kernels(generation, LoopLevel(out, kBlock), knobs.pixels, knobs.unroll_k, machine);
}

} // namespace involute::schedules::x86
