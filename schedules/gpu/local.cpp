// A value a thread, with weights that no other one has.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

void schedule(generators::Local &op, const MapKnobs &knobs) {
    const Halide::Var thread =
        value_per_thread(op.out, op.o, op.x, {op.g, op.y, op.b}, knobs).thread;
    sum_in_thread(op.sum, op.out, thread);
}

} // namespace involute::schedules::gpu
