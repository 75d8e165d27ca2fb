// Registers: one pixel x NR columns (AVX2 4 accumulators, AVX-512 2). 2048 -> 1000 reads 8 MB of
// weights in 0.20 ms (Zen 5, one thread) or 0.53 (Zen 3): 41 and 15 GB/s, what memory gives.
#include "schedules/x86/product.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

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

} // namespace involute::schedules::x86
