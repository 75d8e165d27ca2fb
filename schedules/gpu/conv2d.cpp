#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"
#include "schedules/loops.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::Conv2dPatches &op, const ProductKnobs &knobs) {
    std::vector<Var> rest;
    if (op.has_batch) {
        rest.push_back(op.b);
    }
    const std::vector<RVar> order = loops(op.reduction);
    const Columns columns{op.ni, op.no, false, op.packing};
    if (knobs.lanes == 0) {
        product(op.out, op.sum, columns, op.p, rest, order, knobs);
        return;
    }
    const RVar chunk = staged_product(op.out, op.sum, columns, op.p, rest, order, knobs);
    stage(op.patch, op.j, op.p, op.sum, chunk, knobs);
}

} // namespace involute::schedules::gpu
