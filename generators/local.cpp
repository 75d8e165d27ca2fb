#include "generators/local.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Local local(const LocalInputs &i) {
    Local op;
    auto &[o, g, x, y, b, e, padded, window, sum, out] = op;
    padded(e, y, b) = border_extended(i.in, i.row_elements, i.height,
                                      i.dilation * (i.kernel_width - 1) / 2 * i.channels,
                                      i.dilation * (i.kernel_height - 1) / 2)(e, y, b);

    window = RDom(0, i.group_depth, 0, i.kernel_width, 0, i.kernel_height, "window");
    const RVar &c = window.x, &kx = window.y, &ky = window.z;
    const Expr channel = i.depthwise ? Expr(o) : g * i.group_depth + c;
    const Expr p = y * i.width + x;
    sum(o, g, x, y, b) = i.bias(o, g, p);
    sum(o, g, x, y, b) += i.weight(o, c, kx, ky, g, p) *
                          padded(i.channels * (i.stride * x + i.dilation * kx) + channel,
                                 i.stride * y + i.dilation * ky, b);
    out(o, g, x, y, b) = at_least(sum(o, g, x, y, b), i.floor);
    return op;
}

} // namespace involute::generators
