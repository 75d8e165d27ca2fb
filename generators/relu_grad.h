// Gradient of a ReLU: that of its output where the output is above 0, else 0.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct ReluGrad {
    Halide::Var ci{"ci"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

// in: output of the ReLU; grad: its gradient. Where `in` is NaN the gradient passes.
ReluGrad relu_grad(const Halide::Func &in, const Halide::Func &grad);

} // namespace involute::generators
