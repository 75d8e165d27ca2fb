// Kernels for a block of rows, as many as leave them in L2, and their use at once.
#include <algorithm>

#include "schedules/cpu/rows.h"
#include "schedules/cpu/stages.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::Involution;

// Every specialisation of a generic row holds the kernel generation once more, half a second to
// compile for each.
const std::vector<int> kSteps = {8};

// A task is a run of rows of some images, a block of it as many rows as leave their kernels in the
// L2 cache. The kernels of a block are a product over its pixels, so that every weight is loaded
// once a block; then the groups are aggregated one after another, each from a plane of its own.
// The loops inside a task are parallel too: they are cut for the threads where all maps together
// are one task.
void schedule(Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const InvolutionCut &given, Pipeline pipeline) {
    auto &[generation, aggregation] = op;
    const InvolutionCut cut{chosen(knobs.task_rows, given.rows_per_task),
                            chosen(knobs.block_rows, given.rows_per_block), given.images_per_task,
                            given.threads_per_task};
    Func &out = aggregation.out;
    const Var &ci = aggregation.ci, &g = aggregation.g, &x = aggregation.x, &y = aggregation.y,
              &b = aggregation.b;
    const Expr width = out.output_buffer().dim(2).extent();
    const Var xi("xi"), yo("yo"), yb("yb"), yi("yi"), yr("yr"), go("go"), bo("bo"), bi("bi"),
        piece("piece");
    const Expr run_count = runs(cut.threads_per_task, out.output_buffer().dim(1).extent());
    const Expr rows_per_run = max(1, (cut.rows_per_block + run_count - 1) / run_count);
    const Expr group_channels = group_size(out);
    const bool generic = !Internal::is_const(group_channels);
    const Steps steps = {kSteps, knobs.tiles.step};
    const TailStrategy tail = generic ? TailStrategy::PredicateStores : TailStrategy::ShiftInwards;
    const auto cut_tile = [&](Stage at, int tile, int step) {
        at.split(x, kTile, xi, tile, tail)
            .split(y, yo, yb, cut.rows_per_task, TailStrategy::GuardWithIf)
            .split(yb, kBlock, yi, cut.rows_per_block, TailStrategy::GuardWithIf)
            .split(yi, yr, yi, rows_per_run, TailStrategy::GuardWithIf)
            .split(b, bo, bi, cut.images_per_task, TailStrategy::GuardWithIf)
            .split(g, go, g, 1);
        cut_channels(at, ci, group_channels, step, {xi},
                     {kTile, yi, g, yr, go, bi, kBlock, yo, bo});
        at.fuse(yr, go, piece)
            .parallel(piece)
            .never_partition(piece, yi)
            .fuse(yo, bo, kTask)
            .parallel(kTask)
            .unroll(xi);
        vectorize_step(at, ci, step, machine);
    };
    if (generic) {
        specialize_channels(out, group_channels, steps, [&](Stage at, int step) {
            cut_tile(at, std::max(1, knobs.tiles.tile[1]), step);
        });
    } else {
        specialize_tiles(out, width, knobs.tiles, [&](Stage at, int tile) {
            cut_tile(at, tile, constant_step(group_channels, steps));
        });
    }
    compute_sum(aggregation, machine, steps, knobs.unroll_taps == 1, kTile);
    order_columns(aggregation, knobs.tiles, pipeline);
    compute_padded(aggregation, machine, steps);
    aggregation.padded.parallel(aggregation.y);
    if (generic) {
        // Else bounds inference fears a window of negative size, whose columns begin anywhere.
        generation.out.bound(generation.n, 0, generation.blocks * generation.packing);
    }
    compute_kernels(generation, LoopLevel(out, kBlock), cut.rows_per_block * width,
                    cut.threads_per_task, knobs.product, machine, pipeline);
}

} // namespace involute::schedules::cpu
