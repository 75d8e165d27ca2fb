#include "generators/avg_pool.h"

namespace involute::generators {

using namespace Halide;

AvgPool avg_pool(const Func &in, const Expr &width, const Expr &height, const Expr &stride,
                 const Func &reciprocal) {
    AvgPool op;
    auto &[ci, g, x, y, b, window, sum, out] = op;
    window = RDom(0, stride, 0, stride, "window");
    window.where(stride * x + window.x < width && stride * y + window.y < height);

    // The clamp changes no value: it tells bounds inference what the condition means.
    const Expr column = min(stride * x + window.x, width - 1);
    const Expr row = min(stride * y + window.y, height - 1);
    sum(ci, g, x, y, b) = 0.f;
    sum(ci, g, x, y, b) += in(ci, g, column, row, b);

    const Expr count = min(stride, width - stride * x) * min(stride, height - stride * y);
    out(ci, g, x, y, b) = sum(ci, g, x, y, b) * reciprocal(clamp(count, 0, stride * stride));
    return op;
}

} // namespace involute::generators
