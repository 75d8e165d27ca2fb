#include "schedules/x86/product.h"

namespace involute::schedules::x86 {

using namespace Halide;

void accumulate_in_registers(Func sum, const Var &n, const Var &pixel,
                             const std::vector<RVar> &order, const Machine &machine, int unroll_k) {
    sum.store_in(MemoryType::Register).vectorize(n, machine.lanes).unroll(n).unroll(pixel);
    std::vector<VarOrRVar> loops = {n, pixel};
    loops.insert(loops.end(), order.begin(), order.end());
    Stage update = sum.update();
    update.reorder(loops).vectorize(n, machine.lanes).unroll(n).unroll(pixel);
    if (unroll_k > 1) {
        update.unroll(order.front(), unroll_k);
    }
}

} // namespace involute::schedules::x86
