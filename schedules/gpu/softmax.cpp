// A pixel of one group a thread. Its taps and their powers, any number, lie in global memory.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::Softmax &op, const MapKnobs &knobs) {
    const Var thread = value_per_thread(op.out, op.g, op.x, {op.y, op.b}, knobs).thread;
    for (Func *stage :
         {&op.values, &op.largest_of, &op.largest, &op.powers, &op.partial, &op.inverse}) {
        stage->compute_at(op.out, thread);
    }
    op.values.store_in(MemoryType::Heap);
    op.powers.store_in(MemoryType::Heap);
}

} // namespace involute::schedules::gpu
