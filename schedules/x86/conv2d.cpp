#include "schedules/x86/product.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::Conv2d;

namespace {

// Blocks of NR output channels stay (their weights live in L1/L2), pixels stream past in tiles.
// Both the blocks and runs of tiles_per_task tiles are parallel loops, but a kernel is called so
// that one of them has a single turn or all blocks keep all threads busy: fusing them would keep
// Halide from seeing that a tile lies in one block. `at` is out or a specialisation of it.
void tile_pixels(Stage at, const Conv2d &op, int tile, const Machine &machine,
                 const Expr &tiles_per_task) {
    const Var po("po"), pt("pt"), pi("pi"), pb("pb");
    std::vector<VarOrRVar> order = {op.ni, pi, pt, pb, op.no};
    if (op.has_batch) {
        order.push_back(op.b);
    }
    at.split(op.p, po, pi, tile, TailStrategy::ShiftInwards)
        .split(po, pb, pt, tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(order)
        .parallel(op.no)
        .parallel(pb)
        .vectorize(op.ni, machine.lanes)
        .unroll(op.ni)
        .unroll(pi);
}

} // namespace

void schedule(Conv2d &op, const Conv2dKnobs &knobs, const Machine &machine,
              const Expr &tiles_per_task) {
    const Expr pixels = op.out.output_buffer().dim(2).extent();
    tile_pixels(op.out.specialize(pixels >= knobs.tile), op, knobs.tile, machine, tiles_per_task);
    tile_pixels(op.out, op, 1, machine, tiles_per_task);

    std::vector<RVar> order = {op.reduction.x};
    if (op.has_batch) {
        order.push_back(op.reduction.y);
    }
    op.sum.compute_at(op.out, Var("pt"));
    accumulate_in_registers(op.sum, op.ni, op.p, order, machine, knobs.unroll_k);
    if (op.pads) {
        op.padded.compute_root().vectorize(op.e, knobs.copy).parallel(op.y);
    }
}

} // namespace involute::schedules::x86
