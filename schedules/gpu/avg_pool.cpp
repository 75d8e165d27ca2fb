// A value a thread; the window is read from the caches.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

void schedule(generators::AvgPool &op, const MapKnobs &knobs) {
    const Halide::Var thread = value_per_thread(op.out, op.ci, op.p, {op.g, op.b}, knobs).thread;
    sum_in_thread(op.sum, op.out, thread);
}

} // namespace involute::schedules::gpu
