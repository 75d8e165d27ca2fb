#include "generators/conv2d_patches.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Conv2dPatches conv2d_patches(const Conv2dPatchesInputs &i) {
    Conv2dPatches op;
    op.packing = i.packing;
    op.has_batch = !i.point;
    const Var &ni = op.ni, &no = op.no, &p = op.p, &b = op.b, &j = op.j, &ky = op.ky;
    // The clamps change no value: tiles of pixels may reach beyond the last one.
    const Expr pixel = clamp(p, 0, i.pixels - 1);
    if (i.point) {
        op.patch(j, ky, p) = i.in(j, pixel);
        op.reduction = RDom(0, i.run, 0, 1, "k");
        const RVar &k = op.reduction.x;
        op.sum(ni, no, p) = i.bias(ni, no);
        op.sum(ni, no, p) += i.weight(ni, k, no) * op.patch(k, op.reduction.y, p);
        op.out(ni, no, p) = at_least(op.sum(ni, no, p) + i.residual(ni, no, pixel), i.floor);
        return op;
    }
    const Expr y = pixel / i.width, x = pixel - y * i.width;
    const Func source =
        i.pads ? border_extended(i.in, i.row_elements, i.height, i.pad * i.channels, i.pad) : i.in;
    // What the output needs; whether the input has it is checked.
    const Expr element =
        unsafe_promise_clamped(i.stride * i.channels * x, 0, i.stride * i.channels * (i.width - 1));
    const Expr row = unsafe_promise_clamped(i.stride * y, 0, i.stride * ((i.pixels - 1) / i.width));
    op.patch(j, ky, p, b) = source(element + j, row + ky, b);
    op.reduction = RDom(0, i.run, 0, i.rows, "window");
    const RVar &rj = op.reduction.x, &ry = op.reduction.y;
    op.sum(ni, no, p, b) = i.bias(ni, no);
    op.sum(ni, no, p, b) += i.weight(ni, rj, ry, no) * op.patch(rj, ry, p, b);
    op.out(ni, no, p, b) = at_least(op.sum(ni, no, p, b) + i.residual(ni, no, pixel, b), i.floor);
    return op;
}

} // namespace involute::generators
