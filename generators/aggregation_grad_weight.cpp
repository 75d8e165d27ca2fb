#include "generators/aggregation_grad_weight.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// `in` with zeros after the last channel.
Func filled_up(const Func &in, const Expr &channels) {
    return BoundaryConditions::constant_exterior(
        in, 0.f,
        {{0, channels}, {Expr(), Expr()}, {Expr(), Expr()}, {Expr(), Expr()}, {Expr(), Expr()}});
}

// The order of storage is part of it: lanes that come together in the next step are far apart or
// interleaved, so that a step is two in-lane shuffles and an addition.
void add_tree(AggregationGradWeight &op) {
    const Var &g = op.g, &x = op.x, &y = op.y, &b = op.b, &k = op.k;
    const Var &i = op.i, &half = op.half, &q0 = op.q0, &q1 = op.q1, &q2 = op.q2;
    op.pairs(q0, i, half, q2, q1, k, g, x, y, b) =
        op.partial(i + 4 * half, q1, q2, q0, k, g, x, y, b) +
        op.partial(i + 4 * half + 2, q1, q2, q0, k, g, x, y, b);
    op.quads(q0, q1, half, q2, k, g, x, y, b) =
        op.pairs(q0, 0, half, q2, q1, k, g, x, y, b) + op.pairs(q0, 1, half, q2, q1, k, g, x, y, b);
    op.whole(q0, q1, q2, k, g, x, y, b) =
        op.quads(q0, q1, 0, q2, k, g, x, y, b) + op.quads(q0, q1, 1, q2, k, g, x, y, b);
}

} // namespace

AggregationGradWeight aggregation_grad_weight(const AggregationGradWeightInputs &in) {
    AggregationGradWeight op;
    op.constant_kernel = in.constant_kernel;
    const bool constant = op.constant_kernel != 0;
    const Var &ci = op.ci, &t = op.t, &g = op.g, &x = op.x, &y = op.y, &b = op.b;
    const Expr kernel = constant ? Expr(in.constant_kernel) : in.kernel;
    const Expr dilation = constant ? 1 : in.dilation, stride = constant ? 1 : in.stride;
    const Expr border = dilation * ((kernel - 1) / 2), count = kernel * kernel;
    const Func extended = zero_extended(in.in, in.width, in.height);
    Func grad = in.grad;
    if (constant) {
        op.padded(ci, g, x, y, b) = extended(ci, g, x - border, y - border, b);
        op.blocks = RDom(1, 1, "blocks");
    } else {
        const Expr channels = in.group_channels;
        op.padded(ci, g, x, y, b) = filled_up(extended, channels)(ci, g, x - border, y - border, b);
        op.padded_grad(ci, g, x, y, b) = filled_up(in.grad, channels)(ci, g, x, y, b);
        grad = op.padded_grad;
        op.tap_x(t) = t % kernel * dilation;
        op.tap_y(t) = t / kernel * dilation;
        op.blocks = RDom(1, (channels - 1) / kPartialSums, "blocks");
    }

    const Var &s = op.s, &q0 = op.q0, &q1 = op.q1, &q2 = op.q2, &k = op.k;
    // The last block of taps is filled up with the last tap.
    const Expr tap = min(kTapsAtOnce * k + 4 * q2 + 2 * q1 + q0, count - 1);
    Expr column, row;
    if (constant) {
        column = x + tap % kernel, row = y + tap / kernel;
    } else {
        const Expr reach = dilation * (kernel - 1);
        column = stride * x + unsafe_promise_clamped(op.tap_x(tap), 0, reach);
        row = stride * y + unsafe_promise_clamped(op.tap_y(tap), 0, reach);
    }
    const auto product = [&](const Expr &channel) {
        return op.padded(channel, g, column, row, b) * grad(channel, g, x, y, b);
    };
    op.partial(s, q1, q2, q0, k, g, x, y, b) = product(s);
    op.partial(s, q1, q2, q0, k, g, x, y, b) += product(kPartialSums * op.blocks + s);
    add_tree(op);

    op.places = RDom(0, 2, 0, 2, 0, 2, 0, tap_blocks(kernel), "places");
    const RDom &at = op.places;
    op.taps(t, g, x, y, b) = undef<float>();
    op.taps(kTapsAtOnce * at[3] + 4 * at[2] + 2 * at[1] + at[0], g, x, y, b) =
        op.whole(at[0], at[1], at[2], at[3], g, x, y, b);
    op.out(t, g, x, y, b) = op.taps(t, g, x, y, b);
    return op;
}

} // namespace involute::generators
