// A value a thread; with any window each finds its own taps.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

void schedule(generators::AggregationGradInput &op, const MapKnobs &knobs) {
    const Halide::Var thread =
        value_per_thread(op.out, op.ci, op.x, {op.g, op.y, op.b}, knobs).thread;
    sum_in_thread(op.sum, op.out, thread);
    if (op.constant_kernel == 0) {
        op.columns.compute_at(op.out, thread);
        op.rows.compute_at(op.out, thread);
    }
}

} // namespace involute::schedules::gpu
