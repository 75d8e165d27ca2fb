#include "generators/avg_pool_grad.h"

namespace involute::generators {

using namespace Halide;

AvgPoolGrad avg_pool_grad(const Func &grad, const Func &addend, const Expr &width,
                          const Expr &height, const Expr &stride, const Func &reciprocal) {
    AvgPoolGrad op;
    auto &[ci, g, x, y, b, out] = op;
    // The clamps change no value: tiles of pixels may reach beyond the last one.
    const Expr column = min(likely(x), width - 1) / stride,
               row = min(likely(y), height - 1) / stride;
    const Expr count = min(stride, width - stride * column) * min(stride, height - stride * row);
    const Expr share = grad(ci, g, column, row, b) * reciprocal(clamp(count, 0, stride * stride));
    out(ci, g, x, y, b) = addend(ci, g, x, y, b) + share;
    return op;
}

} // namespace involute::generators
