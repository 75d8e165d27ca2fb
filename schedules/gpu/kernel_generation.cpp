#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;
using generators::KernelGeneration;

namespace {

std::vector<RVar> loops(const RDom &domain) {
    std::vector<RVar> found;
    for (int d = 0; d < domain.dimensions(); d++) {
        found.push_back(domain[d]);
    }
    return found;
}

} // namespace

void schedule(KernelGeneration &op, const ProductKnobs &knobs) {
    const Columns columns{op.n, op.n, true, op.packing};
    if (op.pools) {
        op.pool.out.compute_root();
        const Var thread =
            value_per_thread(op.pool.out, op.pool.ci, op.pool.p, {op.pool.g, op.pool.b}, {}).thread;
        sum_in_thread(op.pool.sum, op.pool.out, thread);
    }
    if (op.bottleneck) {
        op.hidden.compute_root();
        product(op.hidden, op.hidden_sum, columns, op.p, {op.b}, loops(op.channels), knobs);
    }
    product(op.out, op.sum, columns, op.p, {op.b}, loops(op.bottleneck ? op.units : op.channels),
            knobs);
}

} // namespace involute::schedules::gpu
