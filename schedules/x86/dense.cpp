#include "schedules/x86/product.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;

// At batch 1 every weight is used once: the loop streams them from memory, NR columns at a time.
void schedule(generators::Dense &op, const DenseKnobs &knobs, const Machine &machine) {
    op.out.reorder(op.ni, op.b, op.no)
        .vectorize(op.ni, machine.lanes)
        .unroll(op.ni)
        .parallel(op.no);
    op.sum.compute_at(op.out, op.b);
    accumulate_in_registers(op.sum, op.ni, op.b, {op.reduction.x}, machine, knobs.unroll_k);
}

} // namespace involute::schedules::x86
