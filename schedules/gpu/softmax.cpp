// A pixel of one group a thread; its powers are computed twice rather than kept.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::Softmax &op, const MapKnobs &knobs) {
    const Var xo("xo"), xt("xt"), go("go"), gt("gt"), block("block");
    op.out.split(op.g, go, gt, knobs.channels, TailStrategy::GuardWithIf)
        .split(op.x, xo, xt, knobs.pixels, TailStrategy::GuardWithIf)
        .reorder(op.t, gt, xt, go, xo, op.y, op.b)
        .fuse(go, xo, block)
        .gpu_threads(gt, xt)
        .gpu_blocks(block, op.y, op.b);
    for (Func *stage :
         {&op.values, &op.largest_of, &op.largest, &op.powers, &op.partial, &op.inverse}) {
        stage->compute_at(op.out, gt);
    }
    op.values.store_in(MemoryType::Heap);
    op.powers.store_in(MemoryType::Heap);
}

} // namespace involute::schedules::gpu
