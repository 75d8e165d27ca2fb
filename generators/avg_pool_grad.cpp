#include "generators/avg_pool_grad.h"

#include "generators/avg_pool.h"

namespace involute::generators {

using namespace Halide;

AvgPoolGrad avg_pool_grad(const Func &grad, const Func &addend, const Expr &width,
                          const Expr &height, const Expr &stride, const Func &reciprocal) {
    AvgPoolGrad op;
    auto &[ci, g, x, y, b, out] = op;
    // The clamps change no value: tiles of pixels may reach beyond the last one.
    const Expr column = min(likely(x), width - 1) / stride,
               row = min(likely(y), height - 1) / stride;
    out(ci, g, x, y, b) =
        addend(ci, g, x, y, b) +
        grad(ci, g, column, row, b) *
            window_reciprocal(stride * column, stride * row, width, height, stride, reciprocal);
    return op;
}

} // namespace involute::generators
