// Gradient of avg_pool, added to another one: every pixel of a window gets its share.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct AvgPoolGrad {
    Halide::Var ci{"ci"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

// grad(ci, g, xo, yo, b) of the pool's output; addend and out have the width x height of its input;
// reciprocal(n) as in avg_pool.
AvgPoolGrad avg_pool_grad(const Halide::Func &grad, const Halide::Func &addend,
                          const Halide::Expr &width, const Halide::Expr &height,
                          const Halide::Expr &stride, const Halide::Func &reciprocal);

} // namespace involute::generators
