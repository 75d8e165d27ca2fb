// The weighted sum over a K x K neighbourhood with weights that differ from pixel to pixel and are
// shared by the channels of a group; then scale, shift and ReLU.
#pragma once

#include <functional>

#include "Halide.h"

namespace involute::generators {

struct Aggregation {
    Halide::Var ci{"ci"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::Func padded{"padded"}; // (ci, g, x, y, b), zero-based with the border inside
    Halide::RDom taps;             // kx, ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

struct AggregationInputs {
    Halide::Func in;            // (ci, g, x, y, b)
    Halide::Expr width, height; // of in
    int kernel;
    Halide::Expr stride;       // undefined: 1
    Halide::Func scale, shift; // (ci, g)
    Halide::Expr floor;
    // The weight of tap (kx, ky) for group g at output (x, y, b).
    std::function<Halide::Expr(Halide::Expr kx, Halide::Expr ky, Halide::Expr g, Halide::Expr x,
                               Halide::Expr y, Halide::Expr b)>
        weight;
};

Aggregation aggregation(const AggregationInputs &in);

} // namespace involute::generators
