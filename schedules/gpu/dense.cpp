// A value a thread: the weights pass once, neighbouring threads have neighbouring columns.
#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void schedule(generators::Dense &op, const DenseKnobs &knobs) {
    op.out.gpu_threads(op.ni).gpu_blocks(op.no, op.b);
    sum_in_thread(op.sum, op.out, op.ni);
    op.sum.update().unroll(op.reduction.x, knobs.unroll_k);
}

} // namespace involute::schedules::gpu
