#include "generators/max_pool.h"

#include <limits>

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

MaxPool max_pool(const Func &in, const Expr &width, const Expr &height, const Expr &kernel,
                 const Expr &stride, const Expr &pad) {
    MaxPool op;
    auto &[ci, g, x, y, b, window, largest, out] = op;
    window = RDom(0, kernel, 0, kernel, "window");
    const Expr column = stride * x + window.x - pad, row = stride * y + window.y - pad;
    window.where(column >= 0 && column < width && row >= 0 && row < height);

    // The clamps change no value: they tell bounds inference what the condition means.
    const Expr value = in(ci, g, clamp(column, 0, width - 1), clamp(row, 0, height - 1), b);
    largest(ci, g, x, y, b) = -std::numeric_limits<float>::infinity();
    const Expr sofar = largest(ci, g, x, y, b);
    // Written so that a NaN wins and stays. With "less than": Halide's "less or equal" is the
    // negation of "greater than" and so holds for NaN.
    largest(ci, g, x, y, b) = strict_select(sofar < value || value != value, value, sofar);
    out(ci, g, x, y, b) = largest(ci, g, x, y, b);
    return op;
}

} // namespace involute::generators
