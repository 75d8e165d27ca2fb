#include "generators/avg_pool.h"

namespace involute::generators {

using namespace Halide;

AvgPool avg_pool(const Func &in, const Expr &width, const Expr &height, const Expr &stride,
                 const Func &reciprocal) {
    AvgPool op;
    auto &[ci, g, p, b, window, sum, out] = op;
    const Expr out_width = (width + stride - 1) / stride,
               out_height = (height + stride - 1) / stride;
    // The clamps change no value. This one is for tiles of pixels that reach beyond the last one,
    const Expr pixel = min(p, out_width * out_height - 1);
    const Expr x = stride * (pixel % out_width), y = stride * (pixel / out_width);
    window = RDom(0, stride, 0, stride, "window");
    window.where(x + window.x < width && y + window.y < height);
    // these tell bounds inference what the condition means.
    const Expr column = clamp(x + window.x, 0, width - 1), row = clamp(y + window.y, 0, height - 1);
    sum(ci, g, p, b) = 0.f;
    sum(ci, g, p, b) += in(ci, g, column, row, b);

    out(ci, g, p, b) =
        sum(ci, g, p, b) * window_reciprocal(x, y, width, height, stride, reciprocal);
    return op;
}

Expr window_reciprocal(const Expr &x, const Expr &y, const Expr &width, const Expr &height,
                       const Expr &stride, const Func &reciprocal) {
    const Expr count = min(stride, width - x) * min(stride, height - y);
    return reciprocal(clamp(count, 0, stride * stride));
}

} // namespace involute::generators
