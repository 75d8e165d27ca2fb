// Expressions that several algorithms share, so that each rounding step is written once.
#pragma once

#include "Halide.h"

namespace involute::generators {

// ReLU with a run-time floor: 0 with, -infinity without. A NaN stays a NaN.
inline Halide::Expr at_least(Halide::Expr value, const Halide::Expr &floor) {
    return Halide::select(value < floor, floor, value);
}

// `in` with zeros around the image; x and y are dimensions 2 and 3 of (ci, g, x, y, b).
Halide::Func zero_extended(const Halide::Func &in, const Halide::Expr &width,
                           const Halide::Expr &height);

} // namespace involute::generators
