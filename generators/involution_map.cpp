#include "generators/involution_map.h"

#include "generators/avg_pool.h"
#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

InvolutionMap involution_map(InvolutionMapInputs i) {
    InvolutionMap op;
    const Var &k = op.k, &u = op.u, &kx = op.kx, &ky = op.ky, &g = op.g, &x = op.x, &y = op.y,
              &b = op.b;
    AggregationInputs &a = i.aggregation;
    op.bottleneck = i.reduce_weight.defined();
    op.pools = a.stride.defined();
    const auto weight_at = [&](const Func &weight, const Expr &n, const Expr &depth) {
        return weight(n % i.packing, depth, n / i.packing);
    };
    const auto bias_at = [&](const Func &bias, const Expr &n) {
        return bias(n % i.packing, n / i.packing);
    };
    // The clamps change no value: tiles of pixels may reach beyond the map.
    const Expr column = clamp(x, 0, i.out_width - 1), row = clamp(y, 0, i.out_height - 1);
    if (op.pools) {
        op.window = RDom(0, a.stride, 0, a.stride, "window");
        const Expr left = a.stride * column, top = a.stride * row;
        op.window.where(left + op.window.x < a.width && top + op.window.y < a.height);
        const Expr place = clamp(top + op.window.y, 0, a.height - 1) * a.width +
                           clamp(left + op.window.x, 0, a.width - 1);
        op.pool_sum(k, x, y, b) = 0.f;
        op.pool_sum(k, x, y, b) += i.in(k, place, b);
        op.pooled(k, x, y, b) =
            op.pool_sum(k, x, y, b) *
            window_reciprocal(left, top, a.width, a.height, a.stride, i.reciprocal);
    }
    op.channels = RDom(0, i.group_channels * i.groups, "channels");
    const RVar &c = op.channels.x;
    const Expr value = op.pools ? op.pooled(c, x, y, b) : i.in(c, row * i.out_width + column, b);
    const Expr tap = (g * a.kernel_height + ky) * a.kernel_width + kx;
    op.kernel_sum(x, y, kx, ky, g, b) = bias_at(i.bias, tap);
    if (op.bottleneck) {
        op.hidden_sum(u, x, y, b) = bias_at(i.reduce_bias, u);
        op.hidden_sum(u, x, y, b) += weight_at(i.reduce_weight, u, c) * value;
        op.hidden(u, x, y, b) = at_least(op.hidden_sum(u, x, y, b), 0.f);
        op.units = RDom(0, i.units, "units");
        const RVar &unit = op.units.x;
        op.kernel_sum(x, y, kx, ky, g, b) +=
            weight_at(i.weight, tap, unit) * op.hidden(unit, x, y, b);
    } else {
        op.kernel_sum(x, y, kx, ky, g, b) += weight_at(i.weight, tap, c) * value;
    }
    op.kernels(x, y, kx, ky, g, b) = op.kernel_sum(x, y, kx, ky, g, b);

    a.in = as_image(i.in, i.group_channels, a.width);
    const Func &kernels = op.kernels;
    a.weight = [kernels](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
        return kernels(x, y, kx, ky, g, b);
    };
    op.aggregation = aggregation(a);
    return op;
}

StagedKernels staged_kernels(const Func &kernels, const Expr &width, const Expr &height) {
    StagedKernels op;
    const Func extended = BoundaryConditions::constant_exterior(kernels, 0.f,
                                                                {{Expr(), Expr()},
                                                                 {Expr(), Expr()},
                                                                 {Expr(), Expr()},
                                                                 {0, width},
                                                                 {0, height},
                                                                 {Expr(), Expr()}});
    op.staged(op.x, op.y, op.kx, op.ky, op.g, op.b) =
        extended(op.kx, op.ky, op.g, op.x, op.y, op.b);
    return op;
}

} // namespace involute::generators
