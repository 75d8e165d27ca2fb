#include "generators/conv2d_grouped.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Conv2dGrouped conv2d_grouped(const Conv2dGroupedInputs &i) {
    Conv2dGrouped op;
    auto &[o, g, p, b, e, y, padded, element, row, window, sum, out] = op;
    padded(e, y, b) = border_extended(i.in, i.row_elements, i.height,
                                      i.dilation * (i.kernel_width - 1) / 2 * i.channels,
                                      i.dilation * (i.kernel_height - 1) / 2)(e, y, b);

    // The clamp changes no value: tiles of pixels may reach beyond the last one.
    const Expr pixel = min(likely(p), i.pixels - 1), y_out = row_of(pixel, i.width);
    row(p) = i.stride * y_out;
    element(p) = i.stride * i.channels * (pixel - y_out * i.width);
    // What the output needs; whether the input has it is checked.
    const Expr top = unsafe_promise_clamped(row(p), 0, i.stride * ((i.pixels - 1) / i.width));
    const Expr left = unsafe_promise_clamped(element(p), 0, i.stride * i.channels * (i.width - 1));

    window = RDom(0, i.group_depth, 0, i.kernel_width, 0, i.kernel_height, "window");
    const RVar &c = window.x, &kx = window.y, &ky = window.z;
    // The clamp changes no value: vectors of outputs may reach beyond the last one.
    const Expr channel = i.depthwise ? min(likely(o), i.channels - 1) : g * i.group_depth + c;
    sum(o, g, p, b) = i.bias(o, g);
    sum(o, g, p, b) +=
        i.weight(o, c, kx, ky, g) *
        padded(left + i.dilation * i.channels * kx + channel, top + i.dilation * ky, b);
    out(o, g, p, b) = at_least(sum(o, g, p, b) + i.residual(o, g, pixel, b), i.floor);
    return op;
}

} // namespace involute::generators
