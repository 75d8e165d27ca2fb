// A value a thread; the border is checked at every load.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

void schedule(generators::Conv2dGrouped &op, const MapKnobs &knobs) {
    const Halide::Var thread = value_per_thread(op.out, op.o, op.p, {op.g, op.b}, knobs).thread;
    sum_in_thread(op.sum, op.out, thread);
    op.element.compute_at(op.out, thread);
    op.row.compute_at(op.out, thread);
}

} // namespace involute::schedules::gpu
