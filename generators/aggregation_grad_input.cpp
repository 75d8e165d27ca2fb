#include "generators/aggregation_grad_input.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// `in` with zeros left and right of the image; x is dimension 2 of 5.
Func widened(const Func &in, const Expr &width) {
    return BoundaryConditions::constant_exterior(
        in, 0.f,
        {{Expr(), Expr()}, {Expr(), Expr()}, {0, width}, {Expr(), Expr()}, {Expr(), Expr()}});
}

// Along one axis: tap k of the pixel q touches place stride*q + dilation*k - border of the input.
void find_hits(Func hits, const Var &p, const Expr &pixels, const RuntimeWindow &w) {
    const RDom k(0, w.kernel, hits.name() + "_k");
    const Expr border = w.dilation * ((w.kernel - 1) / 2);
    const Expr at = p + border - w.dilation * k;
    const Expr hit = at >= 0 && at < pixels * w.stride && at % w.stride == 0;
    hits(p) = Tuple(0, 0, 0);
    const Expr count = hits(p)[2];
    const Expr first = hit && count == 0;
    hits(p) = Tuple(select(first, k, hits(p)[0]), select(first, at / w.stride, hits(p)[1]),
                    select(hit, count + 1, count));
}

} // namespace

AggregationGradInput aggregation_grad_input(const Func &grad, const Func &kernels,
                                            const Expr &width, const Expr &height, int kernel) {
    AggregationGradInput op;
    op.constant_kernel = kernel;
    const Var &ci = op.ci, &t = op.t, &g = op.g, &x = op.x, &y = op.y, &b = op.b;
    const int border = (kernel - 1) / 2;
    op.padded_grad(ci, g, x, y, b) = widened(grad, width)(ci, g, x - border, y, b);
    op.padded_kernels(t, g, x, y, b) = widened(kernels, width)(t, g, x - border, y, b);

    RDom &taps = op.taps;
    taps = RDom(0, kernel, 0, kernel, "taps");
    // Rows outside are left out, columns outside are zeros. The clamp changes no value: it tells
    // bounds inference what the condition means.
    const Expr row = y + border - taps.y;
    taps.where(row >= 0 && row < height);
    const Expr column = x + 2 * border - taps.x, inside = clamp(row, 0, height - 1);
    op.sum(ci, g, x, y, b) = 0.f;
    op.sum(ci, g, x, y, b) += op.padded_kernels(taps.y * kernel + taps.x, g, column, inside, b) *
                              op.padded_grad(ci, g, column, inside, b);
    op.out(ci, g, x, y, b) = op.sum(ci, g, x, y, b);
    return op;
}

AggregationGradInput aggregation_grad_input(const Func &grad, const Func &kernels,
                                            const Expr &width, const Expr &height,
                                            const Expr &group_channels, const RuntimeWindow &w) {
    AggregationGradInput op;
    const Var &ci = op.ci, &g = op.g, &x = op.x, &y = op.y, &b = op.b;
    op.filled_grad(ci, g, x, y, b) = channel_extended(grad, group_channels)(ci, g, x, y, b);
    find_hits(op.columns, op.p, width, w);
    find_hits(op.rows, op.p, height, w);

    RDom &taps = op.taps;
    taps = RDom(0, w.kernel, 0, w.kernel, "taps");
    taps.where(taps.x < op.columns(x)[2] && taps.y < op.rows(y)[2]);
    const Expr border = w.dilation * (w.kernel / 2);
    const Expr advance =
        w.dilation * w.step / w.stride; // pixels from one tap that hits to the next
    const Expr kx = op.columns(x)[0] + w.step * taps.x, ky = op.rows(y)[0] + w.step * taps.y;
    // Promised rather than clamped: these are true wherever the condition holds.
    const Expr tap = unsafe_promise_clamped(ky * w.kernel + kx, 0, w.kernel * w.kernel - 1);
    const Expr column =
        unsafe_promise_clamped(op.columns(x)[1] - advance * taps.x, max((x - border) / w.stride, 0),
                               min((x + border) / w.stride, width - 1));
    const Expr row =
        unsafe_promise_clamped(op.rows(y)[1] - advance * taps.y, max((y - border) / w.stride, 0),
                               min((y + border) / w.stride, height - 1));
    op.sum(ci, g, x, y, b) = 0.f;
    op.sum(ci, g, x, y, b) +=
        kernels(tap, g, column, row, b) * op.filled_grad(ci, g, column, row, b);
    op.out(ci, g, x, y, b) = op.sum(ci, g, x, y, b);
    return op;
}

} // namespace involute::generators
