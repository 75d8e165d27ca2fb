// A product over pixels: the weights of a block of output channels stay in L1 and L2, the tile of
// pixels x channels in registers.
#include "schedules/cpu/prefetch_next_block.h"
#include "schedules/cpu/prefetch_next_tile.h"
#include "schedules/cpu/product.h"
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::Conv2d;

namespace {

// A task is a run of pixel tiles times a run of blocks of NR output channels. Inside it a block of
// channels stays (its weights live in L1/L2) while the task's pixels stream past.
void tile_pixels(Stage at, const Conv2d &op, int tile, const Machine &machine,
                 const ProductCut &cut) {
    const Var po("po"), pt("pt"), pi("pi"), pb("pb"), nb("nb"), nt("nt");
    std::vector<VarOrRVar> order = {op.ni, pi, pt, nt, nb, pb};
    if (op.has_batch) {
        order.push_back(op.b);
    }
    at.split(op.p, po, pi, tile, TailStrategy::PredicateStores)
        .split(po, pb, pt, (cut.pixels_per_task + (tile - 1)) / tile, TailStrategy::GuardWithIf)
        .split(op.no, nb, nt, cut.blocks_per_task, TailStrategy::GuardWithIf)
        .reorder(order)
        .fuse(nb, pb, kTask);
    if (op.has_batch) {
        at.fuse(kTask, op.b, kTask);
    }
    at.parallel(kTask).vectorize(op.ni, machine.lanes).unroll(op.ni).unroll(pi);
}

} // namespace

void schedule(Conv2d &op, const Conv2dKnobs &knobs, const Machine &machine, const ProductCut &given,
              Pipeline pipeline) {
    const ProductCut cut{chosen(knobs.task_pixels, given.pixels_per_task),
                         chosen(knobs.task_blocks, given.blocks_per_task)};
    const Expr pixels = op.out.output_buffer().dim(2).extent();
    if (knobs.tile_b != 0) {
        tile_pixels(op.out.specialize(better(pixels, knobs.tile_b, knobs.tile)), op, knobs.tile_b,
                    machine, cut);
    }
    tile_pixels(op.out, op, knobs.tile, machine, cut);

    std::vector<RVar> order = {op.reduction.x};
    if (op.has_batch) {
        order.push_back(op.reduction.y);
    }
    op.sum.compute_at(op.out, Var("pt"));
    const int unroll_k = op.pads ? knobs.unroll_window : knobs.unroll_k;
    accumulate_in_registers(op.sum, op.ni, op.p, order, machine, unroll_k);
    if (knobs.prefetch != 0) {
        pipeline.add_custom_lowering_pass(new PrefetchNextBlock(
            {"weight", op.has_batch ? 4 : 3, unroll_k * op.packing}, Var("pt")));
        pipeline.add_custom_lowering_pass(
            new PrefetchNextTile("residual", Var("pt"), machine.lanes));
    }
    if (op.has_batch) {
        for (Func place : {op.element, op.row}) {
            place.compute_at(op.out, kTask).vectorize(op.p, knobs.copy);
        }
    }
    if (op.pads) {
        op.padded.compute_root().vectorize(op.e, knobs.copy).fuse(op.y, op.b, op.y).parallel(op.y);
    }
}

} // namespace involute::schedules::cpu
