// Expressions that several algorithms share, so that each rounding step is written once.
#pragma once

#include "Halide.h"

namespace involute::generators {

// `condition ? yes : no` in IEEE arithmetic. By default the compiler may assume that there are no
// NaNs and no signed zeros, and does so for the result of a float select even where the condition
// is strict; selecting bits leaves it nothing to assume.
inline Halide::Expr strict_select(const Halide::Expr &condition, const Halide::Expr &yes,
                                  const Halide::Expr &no) {
    return Halide::strict_float(Halide::reinterpret<float>(Halide::select(
        condition, Halide::reinterpret<int32_t>(yes), Halide::reinterpret<int32_t>(no))));
}

// ReLU with a run-time floor: 0 with, -infinity without. A NaN stays a NaN, -0 stays -0.
inline Halide::Expr at_least(const Halide::Expr &value, const Halide::Expr &floor) {
    return strict_select(value < floor, floor, value);
}

// `in`(k, p, b) as (ci, g, x, y, b): k = g*group_channels + ci, p = y*width + x.
Halide::Func as_image(const Halide::Func &in, const Halide::Expr &group_channels,
                      const Halide::Expr &width);

// `in` with zeros around the image; x and y are dimensions 2 and 3 of (ci, g, x, y, b).
Halide::Func zero_extended(const Halide::Func &in, const Halide::Expr &width,
                           const Halide::Expr &height);

// `in`(e, y, b) moved by `left` elements and `top` rows into its border of zeros.
Halide::Func border_extended(const Halide::Func &in, const Halide::Expr &row_elements,
                             const Halide::Expr &height, const Halide::Expr &left,
                             const Halide::Expr &top);

// `in` with zeros after the last channel of a group, dimension 0 of (ci, g, x, y, b).
Halide::Func channel_extended(const Halide::Func &in, const Halide::Expr &group_channels);

} // namespace involute::generators
