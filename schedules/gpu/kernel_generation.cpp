#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"
#include "schedules/loops.h"

namespace involute::schedules::gpu {

using namespace Halide;
using generators::KernelGeneration;

void schedule(KernelGeneration &op, const ProductKnobs &knobs) {
    const Columns columns{op.n, op.n, true, op.packing};
    if (op.pools) {
        op.pool.out.compute_root();
        schedule(op.pool, MapKnobs());
    }
    if (op.bottleneck) {
        op.hidden.compute_root();
        product(op.hidden, op.hidden_sum, columns, op.p, {op.b}, loops(op.channels), knobs);
    }
    product(op.out, op.sum, columns, op.p, {op.b}, loops(op.bottleneck ? op.units : op.channels),
            knobs);
}

} // namespace involute::schedules::gpu
