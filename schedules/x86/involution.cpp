// Registers of the aggregation: AVX2 4 or 5 pixels x 2 vectors (8 or 10 accumulators, the columns
// that neighbouring taps share, 1 weight of 16), AVX-512 up to 14 x 1 of 32. L2: the kernels of a
// block of rows (3/8 of the cache) and the rows of one group's plane, of which L1 holds 7 where a
// row has up to 60 pixels. Share of peak with everything in the caches, one thread, Zen 5, AVX-512
// / AVX2: 64@56 68 / 82%, 128@28 76 / 88, 256@14 83 / 92, 512@7 89 / 86, stride 2 52 / 69, 64 / 78,
// 78 / 81, 3x3 32@112 33 / 55. Zen 3, AVX2: 69, 68, 81, 68, stride 2 52, 59, 66. AVX-512 loads a
// weight a multiply-add, and two loads a cycle leave 83% to the aggregation. Tried without gain:
// kernels laid out by block (1 point for a quarter more to compile), prefetching them, strips of x,
// AVX2 tiles of 6.
#include <algorithm>

#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

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
        specialize_channels(out, group_channels, kSteps, [&](Stage at, int step) {
            cut_tile(at, std::max(1, knobs.tiles.tile[1]), step);
        });
    } else {
        specialize_tiles(out, width, knobs.tiles, [&](Stage at, int tile) {
            cut_tile(at, tile, constant_size(group_channels));
        });
    }
    compute_sum(aggregation, machine, kSteps, knobs.unroll_taps == 1, kTile);
    compute_padded(aggregation, machine, kSteps);
    aggregation.padded.parallel(aggregation.y);
    if (generic) {
        // Else bounds inference fears a window of negative size, whose columns begin anywhere.
        generation.out.bound(generation.n, 0, generation.blocks * generation.packing);
    }
    compute_kernels(generation, LoopLevel(out, kBlock), cut.rows_per_block * width,
                    cut.threads_per_task, knobs.product, machine, pipeline);
}

} // namespace involute::schedules::x86
