// Average over stride x stride windows that do not overlap; a window cut by the border averages
// what it holds. An op of its own and the first stage of kernel generation with a stride.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct AvgPool {
    Halide::Var ci{"ci"}, g{"g"}, p{"p"}, b{"b"};
    Halide::RDom window; // x, y within [0, stride)
    Halide::Func sum{"pool_sum"};
    Halide::Func out{"out"}; // (ci, g, p, b), p = y*out_width + x
};

// in(ci, g, x, y, b) of width x height; reciprocal(n) = 1/n rounded once, n in [1, stride*stride].
AvgPool avg_pool(const Halide::Func &in, const Halide::Expr &width, const Halide::Expr &height,
                 const Halide::Expr &stride, const Halide::Func &reciprocal);

// 1 / n of the n pixels that the window beginning at (x, y) holds within width x height.
Halide::Expr window_reciprocal(const Halide::Expr &x, const Halide::Expr &y,
                               const Halide::Expr &width, const Halide::Expr &height,
                               const Halide::Expr &stride, const Halide::Func &reciprocal);

} // namespace involute::generators
