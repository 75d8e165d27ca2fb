// One vector of output channels x a tile of pixels; weights are padded to whole vectors.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;

void schedule(generators::Conv2dGrouped &op, const Conv2dGroupedKnobs &knobs,
              const Machine &machine, const Expr &given_pixels) {
    const Expr pixels_per_task = chosen(knobs.task_pixels, given_pixels);
    auto &[o, g, p, b, e, y, padded, element, row, window, sum, out] = op;
    const Var oo("oo"), po("po"), pt("pt"), pi("pi"), pb("pb");
    out.split(p, po, pi, knobs.tile, TailStrategy::PredicateStores)
        .split(po, pb, pt, (pixels_per_task + (knobs.tile - 1)) / knobs.tile,
               TailStrategy::GuardWithIf)
        .split(o, oo, o, machine.lanes, TailStrategy::Predicate)
        .reorder({o, pi, pt, oo, g, pb, b})
        .fuse(pb, b, kTask)
        .parallel(kTask)
        .vectorize(o)
        .unroll(pi);
    sum.store_in(MemoryType::Register)
        .compute_at(out, pt)
        .bound_extent(o, machine.lanes)
        .bound_extent(p, knobs.tile)
        .vectorize(o, machine.lanes)
        .unroll(p);
    sum.update()
        .reorder({o, p, window.x, window.y, window.z})
        .vectorize(o, machine.lanes)
        .unroll(p);
    for (Func place : {element, row}) {
        // For whole tiles, of which bounds inference knows nothing.
        place.compute_at(out, kTask).align_bounds(p, knobs.tile).vectorize(p, knobs.copy);
    }
    padded.compute_root().vectorize(e, knobs.copy).fuse(y, b, y).parallel(y);
}

} // namespace involute::schedules::cpu
