#include "generators/conv2d.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// The clamp changes no value: tiles of pixels may reach beyond the last one, and may not step back
// instead, since the output may lie over the residual.
Expr existing(const Var &p, const Conv2dEpilogue &epilogue) {
    return min(likely(p), epilogue.pixels - 1);
}

} // namespace

Expr row_of(const Expr &p, const Expr &width) {
    return cast<int>((cast<double>(p) + Expr(0.5)) / cast<double>(width));
}

Conv2d conv2d_point(const Func &in, const Func &weight, const Expr &depth,
                    const Conv2dEpilogue &epilogue) {
    Conv2d op;
    op.packing = epilogue.packing;
    const Var &ni = op.ni, &no = op.no, &p = op.p;
    op.reduction = RDom(0, depth, "k");
    const RVar &k = op.reduction.x;
    op.sum(ni, no, p) = epilogue.bias(ni, no);
    const Expr pixel = existing(p, epilogue);
    op.sum(ni, no, p) += weight(ni, k, no) * in(k, pixel);
    op.out(ni, no, p) =
        at_least(op.sum(ni, no, p) + epilogue.residual(ni, no, pixel), epilogue.floor);
    return op;
}

Conv2d conv2d_window(const Func &in, const Func &weight, const Conv2dWindow &window,
                     const Conv2dEpilogue &epilogue) {
    Conv2d op;
    op.packing = epilogue.packing;
    const Var &ni = op.ni, &no = op.no, &p = op.p, &b = op.b, &e = op.e, &y = op.y;
    op.has_batch = true;
    op.pads = window.pad.defined();
    if (op.pads) {
        op.padded(e, y, b) = border_extended(in, window.row_elements, window.height,
                                             window.pad * window.channels, window.pad)(e, y, b);
    }
    const Func &source = op.pads ? op.padded : in;

    op.reduction = RDom(0, window.run, 0, window.rows, "window");
    const RVar &j = op.reduction.x, &ky = op.reduction.y;
    const Expr pixel = existing(p, epilogue);
    const Expr y_out = row_of(pixel, window.width);
    op.row(p) = window.stride * y_out;
    op.element(p) = window.stride * window.channels * (pixel - y_out * window.width);
    // What the output needs; whether the input has it is checked.
    const Expr row = unsafe_promise_clamped(op.row(p), 0,
                                            window.stride * ((epilogue.pixels - 1) / window.width));
    const Expr element = unsafe_promise_clamped(
        op.element(p), 0, window.stride * window.channels * (window.width - 1));
    op.sum(ni, no, p, b) = epilogue.bias(ni, no);
    op.sum(ni, no, p, b) += weight(ni, j, ky, no) * source(element + j, row + ky, b);
    op.out(ni, no, p, b) =
        at_least(op.sum(ni, no, p, b) + epilogue.residual(ni, no, pixel, b), epilogue.floor);
    return op;
}

} // namespace involute::generators
