#include "schedules/cpu/product.h"

namespace involute::schedules::cpu {

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

Expr better(const Expr &pixels, int tile, int usual) {
    constexpr int kPercent = 4; // conv2d_point, AVX2: tile 5 against 6 with many pixels
    const auto cost = [&](int size) { return (pixels + (size - 1)) / size * size; };
    return cost(tile) * (100 + kPercent) < cost(usual) * 100;
}

} // namespace involute::schedules::cpu
