// One pixel x NR columns of weights that stream from memory.
#include "schedules/cpu/product.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;

// At batch 1 every weight is used once: the loop streams them from memory, NR columns at a time.
void schedule(generators::Dense &op, const DenseKnobs &knobs, const Machine &machine) {
    const Var bo("bo");
    op.out.split(op.b, bo, op.b, 1)
        .reorder(op.ni, op.b, bo, op.no)
        .fuse(bo, op.no, bo)
        .parallel(bo)
        .vectorize(op.ni, machine.lanes)
        .unroll(op.ni);
    op.sum.compute_at(op.out, op.b);
    if (knobs.accumulators > 1) {
        const RVar ko("ko"), ki("ki");
        const Var part("part");
        Stage update = op.sum.update().split(op.reduction.x, ko, ki, knobs.accumulators);
        Func parts = update.rfactor(ki, part);
        parts.compute_at(op.out, op.b).unroll(part).update().unroll(part);
        accumulate_in_registers(parts, op.ni, op.b, {ko}, machine, knobs.unroll_k);
        parts.update().reorder(op.ni, op.b, part, ko);
        accumulate_in_registers(op.sum, op.ni, op.b, {ki}, machine, knobs.accumulators);
        return;
    }
    accumulate_in_registers(op.sum, op.ni, op.b, {op.reduction.x}, machine, knobs.unroll_k);
}

} // namespace involute::schedules::cpu
