#include "generators/aggregation_grad_weight.h"

#include <functional>

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

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
    const Var &ci = op.ci, &t = op.t, &g = op.g, &x = op.x, &y = op.y, &b = op.b, &p = op.p;
    const Expr kernel = constant ? Expr(in.constant_kernel) : in.kernel, count = kernel * kernel;
    const Expr border = constant ? kernel / 2 : in.dilation * (kernel / 2);
    const Func extended = zero_extended(in.in, in.width, in.height);

    const Var &s = op.s, &q0 = op.q0, &q1 = op.q1, &q2 = op.q2, &k = op.k;
    const Expr place = kTapsAtOnce * k + 4 * q2 + 2 * q1 + q0;
    const auto tap = [&](const Expr &t) { // the last block of taps is filled up with the last tap
        return min(t, count - 1);
    };
    std::function<Expr(Expr)> product; // of a channel
    if (constant) {
        op.padded(ci, g, x, y, b) = extended(ci, g, x - border, y - border, b);
        product = [&](const Expr &channel) {
            const Expr column = x + tap(place) % kernel, row = y + tap(place) / kernel;
            return op.padded(channel, g, column, row, b) * in.grad(channel, g, x, y, b);
        };
        op.blocks = RDom(1, 1, "blocks");
    } else {
        const Expr across = in.dilation * (kernel - 1); // the window, less one pixel
        const Expr width = in.stride * (in.out_width - 1) + across + 1;
        op.padded(ci, g, p, b) = channel_extended(extended, in.group_channels)(
            ci, g, p % width - border, p / width - border, b);
        op.padded_grad(ci, g, x, y, b) =
            channel_extended(in.grad, in.group_channels)(ci, g, x, y, b);
        op.reach(t) = in.dilation * (tap(t) / kernel * width + tap(t) % kernel);
        const Expr pixel = in.stride * (y * width + x) +
                           unsafe_promise_clamped(op.reach(place), 0, across * (width + 1));
        product = [&, pixel](const Expr &channel) {
            return op.padded(channel, g, pixel, b) * op.padded_grad(channel, g, x, y, b);
        };
        op.blocks = RDom(1, (in.group_channels - 1) / kPartialSums, "blocks");
    }
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
