// A pixel of one group a thread, which computes the gradients of all its taps: their places are
// written tap by tap to global memory and then copied.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::AggregationGradWeight &op, const MapKnobs &knobs) {
    value_per_thread(op.out, op.t, op.x, {op.g, op.y, op.b}, knobs);
    const Var xo("xo"), xt("xt"), block("block");
    op.taps.compute_root();
    op.taps.update()
        .split(op.x, xo, xt, kWarp, TailStrategy::GuardWithIf)
        .reorder(op.places[0], op.places[1], op.places[2], op.places[3], xt, xo, op.g, op.y, op.b)
        .fuse(xo, op.g, block)
        .gpu_threads(xt)
        .gpu_blocks(block, op.y, op.b);
    op.whole.compute_at(op.taps, op.places[0]);
    op.partial.compute_at(op.taps, op.places[0]).store_in(MemoryType::Register);
}

} // namespace involute::schedules::gpu
