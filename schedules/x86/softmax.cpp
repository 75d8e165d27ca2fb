// One pixel and group at a time, its taps in L1, eight lanes with AVX-512 too: so many partial sums
// there are.
#include <algorithm>

#include "schedules/x86/rows.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::kSoftmaxSums;

void schedule(generators::Softmax &op, const Machine &machine, const Expr &rows_per_task) {
    const int lanes = std::min(machine.lanes, kSoftmaxSums);
    const Var yo("yo");
    op.out.split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
        .reorder(op.t, op.g, op.x, op.y, yo, op.b)
        .fuse(yo, op.b, kTask)
        .parallel(kTask)
        .vectorize(op.t, kSoftmaxSums, TailStrategy::PredicateStores);
    op.values.compute_at(op.out, op.g).vectorize(op.t, kSoftmaxSums);
    op.powers.compute_at(op.out, op.g).vectorize(op.t, kSoftmaxSums);
    for (Func *lane : {&op.largest_of, &op.partial}) {
        lane->store_in(MemoryType::Register)
            .compute_at(op.out, op.g)
            .vectorize(op.s, lanes)
            .unroll(op.s);
        lane->update().reorder(op.s, op.blocks).vectorize(op.s, lanes).unroll(op.s);
    }
    op.largest.compute_at(op.out, op.g);
    op.inverse.compute_at(op.out, op.g);
}

} // namespace involute::schedules::x86
