// The weighted sum over a window with weights that differ from pixel to pixel and are shared by the
// channels of a group; then scale, shift and ReLU.
#pragma once

#include <functional>

#include "Halide.h"

namespace involute::generators {

struct Aggregation {
    Halide::Var ci{"ci"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    bool pads = false, has_places = false;
    Halide::Func padded{"padded"}; // (ci, g, x, y, b), zero-based with the border inside; if pads
    // The first column and row of the window of a pixel, if has_places; else stride*x and stride*y.
    Halide::Func column{"column"}, row{"row"};
    Halide::RDom taps; // kx, ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

// kZero: zeros around the image, dilation*(K - 1)/2 on each side. kClamp: the window of a pixel
// near the border is moved inside, in steps of the dilation, so that it holds K pixels of the
// image; as in neighbourhood attention (Hassani et al., CVPR 2023).
enum class Border { kZero, kClamp };

struct AggregationInputs {
    Halide::Func in;                          // (ci, g, x, y, b)
    Halide::Expr width, height;               // of in
    Halide::Expr kernel_width, kernel_height; // odd
    Halide::Expr stride, dilation;            // undefined: 1
    Halide::Expr out_width; // defined where tiles of pixels may reach beyond the output
    // Undefined: 1. Else pixel (x, y) reads around (x / upsample, y / upsample); stride is 1.
    Halide::Expr upsample;
    Border border = Border::kZero;
    Halide::Func scale, shift; // (ci, g)
    Halide::Expr floor;
    // The weight of tap (kx, ky) for group g at output (x, y, b).
    std::function<Halide::Expr(Halide::Expr kx, Halide::Expr ky, Halide::Expr g, Halide::Expr x,
                               Halide::Expr y, Halide::Expr b)>
        weight;
};

Aggregation aggregation(const AggregationInputs &in);

} // namespace involute::generators
