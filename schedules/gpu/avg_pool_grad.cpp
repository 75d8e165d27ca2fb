// A value a thread.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

void schedule(generators::AvgPoolGrad &op, const MapKnobs &knobs) {
    value_per_thread(op.out, op.ci, op.x, {op.g, op.y, op.b}, knobs);
}

} // namespace involute::schedules::gpu
