// Maximum over K x K windows; what lies outside the image does not take part.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct MaxPool {
    Halide::Var ci{"ci"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::RDom window; // kx, ky
    Halide::Func largest{"largest"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

// in(ci, g, x, y, b) of width x height.
MaxPool max_pool(const Halide::Func &in, const Halide::Expr &width, const Halide::Expr &height,
                 const Halide::Expr &kernel, const Halide::Expr &stride, const Halide::Expr &pad);

} // namespace involute::generators
