#include "generators/involution_map.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// What schedules copy of the channels at most, in whole pieces: also beyond the last one.
constexpr int kChannelsAtOnce = 16;

} // namespace

InvolutionMap involution_map(InvolutionMapInputs i) {
    InvolutionMap op;
    const Var &k = op.k, &u = op.u, &p = op.p, &kx = op.kx, &ky = op.ky, &g = op.g, &x = op.x,
              &y = op.y, &b = op.b;
    AggregationInputs &a = i.aggregation;
    op.bottleneck = i.reduce_weight.defined();
    op.pools = a.stride.defined();
    const auto weight_at = [&](const Func &weight, const Expr &n, const Expr &depth) {
        return weight(n % i.packing, depth, n / i.packing);
    };
    const auto bias_at = [&](const Func &bias, const Expr &n) {
        return bias(n % i.packing, n / i.packing);
    };
    // The clamps change no value: tiles may reach beyond the map and the last column.
    const Expr pixel = clamp(p, 0, i.out_width * i.out_height - 1);
    const Expr all_channels = i.group_channels * i.groups;
    const auto group = as_const_int(i.group_channels);
    Expr channel = k;
    if (group && *group % 4 == 0 && *group % kChannelsAtOnce != 0) {
        channel = min(k / 4, all_channels / 4 - 1) * 4 + k % 4; // four stay one access
    }
    if (op.pools) {
        op.pool = avg_pool(as_image(i.in, all_channels, a.width), a.width, a.height, a.stride,
                           i.reciprocal);
        op.values(k, p, b) = op.pool.out(channel, 0, pixel, b);
    } else {
        op.values(k, p, b) = i.in(channel, pixel, b);
    }
    op.channels = RDom(0, all_channels, "channels");
    const RVar &c = op.channels.x;
    // Neighbours of a row are neighbours, also beyond it.
    const Expr place = (op.ty * i.tile_height + op.i / i.tile_width) * i.out_width +
                       op.tx * i.tile_width + op.i % i.tile_width;
    const Expr tap =
        clamp((g * a.kernel_height + ky) * a.kernel_width + kx, 0, i.blocks * i.packing - 1);
    op.columns(kx, ky, u, g) = weight_at(i.weight, tap, u);
    op.kernel_sum(op.i, kx, ky, op.tx, op.ty, g, b) = bias_at(i.bias, tap);
    if (op.bottleneck) {
        const Expr column = clamp(u, 0, i.hidden_blocks * i.packing - 1);
        op.hidden_sum(u, p, b) = bias_at(i.reduce_bias, column);
        op.hidden_sum(u, p, b) += weight_at(i.reduce_weight, column, c) * op.values(c, p, b);
        op.hidden(u, p, b) = at_least(op.hidden_sum(u, p, b), 0.f);
        op.units = RDom(0, i.units, "units");
        const RVar &unit = op.units.x;
        op.kernel_sum(op.i, kx, ky, op.tx, op.ty, g, b) +=
            op.columns(kx, ky, unit, g) * op.hidden(unit, place, b);
    } else {
        op.kernel_sum(op.i, kx, ky, op.tx, op.ty, g, b) +=
            op.columns(kx, ky, c, g) * op.values(c, place, b);
    }
    op.kernels(x, y, kx, ky, g, b) =
        op.kernel_sum(x % i.tile_width + i.tile_width * (y % i.tile_height), kx, ky,
                      x / i.tile_width, y / i.tile_height, g, b);

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
