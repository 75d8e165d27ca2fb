// Two products over the pixels of a block, hidden units between them in L2.
#include "schedules/cpu/prefetch_next_block.h"
#include "schedules/cpu/product.h"
#include "schedules/cpu/rows.h"
#include "schedules/cpu/stages.h"
#include "schedules/loops.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::AvgPool;
using generators::KernelGeneration;

namespace {

constexpr int kPixelsAtOnce = 16; // of a parallel loop: some microseconds of work

void pool(AvgPool &op, const Expr &group_channels, const LoopLevel &block, const Machine &machine) {
    const Var pb("pb");
    op.out.compute_at(block);
    specialize_channels(op.out, group_channels, kAllSteps, [&](Stage at, int step) {
        at.split(op.p, pb, op.p, kPixelsAtOnce, TailStrategy::GuardWithIf);
        cut_channels(at, op.ci, group_channels, step, {}, {op.g, op.p, pb, op.b});
        at.parallel(pb);
        vectorize_step(at, op.ci, step, machine);
    });
    compute_sum(op, group_channels, machine);
}

// What threads share of a product.
struct Shared {
    LoopLevel block; // for whose pixels it is made
    Expr threads;
    Expr pixels; // of the block
};

// A product for the pixels of a block: columns stay, pixels stream past in tiles; the columns of a
// pixel lie together. A lone block of columns takes more pixels instead of a neighbour.
void product(Func out, Func sum, const KernelGeneration &op, const Expr &blocks, bool may_be_one,
             const std::vector<RVar> &order, const Shared &shared, const ProductKnobs &knobs,
             const Machine &machine) {
    const Var no("no"), nb("nb"), po("po"), pi("pi"), pt("pt"), pr("pr"), piece("piece");
    const auto tile = [&](Stage at, int count) {
        const int pixels = knobs.pixels * knobs.blocks / count;
        const Expr tiles = (shared.pixels + (pixels - 1)) / pixels;
        const Expr run_count = runs(shared.threads, (blocks + (count - 1)) / count);
        at.split(op.n, no, op.n, count * op.packing, TailStrategy::RoundUp)
            .split(op.p, po, pi, pixels, TailStrategy::RoundUp)
            .split(po, pr, pt, max(1, (tiles + run_count - 1) / run_count),
                   TailStrategy::GuardWithIf)
            .split(no, nb, no, 1)
            .reorder({op.n, pi, pt, no, nb, pr, op.b})
            .fuse(nb, pr, piece)
            .parallel(piece)
            .vectorize(op.n, machine.lanes)
            .unroll(op.n)
            .unroll(pi);
    };
    out.compute_at(shared.block);
    if (knobs.blocks > 1 && may_be_one) {
        tile(out.specialize(blocks == 1), 1);
    }
    tile(out, knobs.blocks);
    sum.compute_at(out, pt);
    accumulate_in_registers(sum, op.n, op.p, order, machine, knobs.unroll_k);
}

std::vector<RVar> inputs(const KernelGeneration &op) {
    return loops(op.bottleneck ? op.units : op.channels);
}

void compute_inputs(KernelGeneration &op, const Shared &shared, const ProductKnobs &knobs,
                    const Machine &machine) {
    if (op.pools) {
        pool(op.pool, op.channels.x.extent(), shared.block, machine);
    }
    if (op.bottleneck) {
        product(op.hidden, op.hidden_sum, op, op.hidden_blocks, true, loops(op.channels), shared,
                knobs, machine);
    }
}

void prefetch(const KernelGeneration &op, const ProductKnobs &knobs, Pipeline pipeline) {
    if (knobs.prefetch == 0) {
        return;
    }
    const int step = knobs.unroll_k * op.packing;
    pipeline.add_custom_lowering_pass(
        new PrefetchNextBlock({"weight", 3, step, knobs.blocks}, Var("pt")));
    if (op.bottleneck) {
        pipeline.add_custom_lowering_pass(
            new PrefetchNextBlock({"reduce_weight", 3, step, knobs.blocks}, Var("pt")));
    }
}

} // namespace

Expr runs(const Expr &threads, const Expr &others) {
    return max(0, threads - 1) * kLoopPieces / max(1, others) + 1;
}

void compute_kernels(KernelGeneration &op, const LoopLevel &block, const Expr &pixels,
                     const Expr &threads, const ProductKnobs &knobs, const Machine &machine,
                     Pipeline pipeline) {
    const Shared shared{block, threads, pixels};
    compute_inputs(op, shared, knobs, machine);
    prefetch(op, knobs, pipeline);
    product(op.out, op.sum, op, op.blocks, false, inputs(op), shared, knobs, machine);
}

void schedule(KernelGeneration &op, const KernelGenerationKnobs &knobs, const Machine &machine,
              const Expr &given_pixels, Pipeline pipeline) {
    const Expr pixels_per_task = chosen(knobs.task_pixels, given_pixels);
    const Expr columns = op.out.output_buffer().dim(0).extent();
    const Expr pixels = op.out.output_buffer().dim(1).extent();
    const ProductKnobs &product = knobs.product;
    const Var no("no"), po("po"), pi("pi"), pt("pt"), pb("pb");
    const auto cut = [&](Stage at, int tile, int blocks) {
        at.split(op.p, po, pi, tile, TailStrategy::ShiftInwards)
            .split(po, pb, pt, (pixels_per_task + (tile - 1)) / tile, TailStrategy::GuardWithIf)
            .split(op.n, no, op.n, blocks * op.packing, TailStrategy::ShiftInwards)
            .reorder({op.n, pi, pt, no, pb, op.b})
            .fuse(pb, op.b, kTask)
            .parallel(kTask)
            .vectorize(op.n, machine.lanes)
            .unroll(op.n)
            .unroll(pi);
    };
    if (product.blocks > 1) {
        cut(op.out.specialize(pixels >= product.pixels && columns >= product.blocks * op.packing),
            product.pixels, product.blocks);
    }
    cut(op.out.specialize(pixels >= product.pixels * product.blocks),
        product.pixels * product.blocks, 1);
    cut(op.out, 1, 1);
    op.sum.compute_at(op.out, pt);
    accumulate_in_registers(op.sum, op.n, op.p, inputs(op), machine, product.unroll_k);
    compute_inputs(op, {LoopLevel(op.out, kTask), 1, pixels_per_task}, product, machine);
    prefetch(op, product, pipeline);
}

} // namespace involute::schedules::cpu
