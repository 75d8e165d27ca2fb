#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::Conv2d &op, const ProductKnobs &knobs) {
    const Var po("po"), pt("pt");
    std::vector<Var> rest;
    if (op.has_batch) {
        rest.push_back(op.b);
    }
    std::vector<RVar> order;
    for (int d = 0; d < op.reduction.dimensions(); d++) {
        order.push_back(op.reduction[d]);
    }
    const Loops loops =
        product(op.out, op.sum, {op.ni, op.no, false, op.packing}, op.p, rest, order, knobs);
    // Divisions in double precision: once for a block.
    for (Func *place : {&op.element, &op.row}) {
        if (op.has_batch) {
            place->compute_at(op.out, loops.block)
                .store_in(MemoryType::GPUShared)
                .bound_extent(op.p, knobs.pixels * knobs.rows) // sums reach beyond the last pixel
                .split(op.p, po, pt, kWarp, TailStrategy::GuardWithIf)
                .gpu_threads(pt);
        }
    }
}

} // namespace involute::schedules::gpu
