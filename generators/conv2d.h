// Dense convolution as a product over pixels, + residual, + ReLU. Three forms of one sum:
// point (1x1, pixels are one flat axis), strided (1x1, any stride), window (K x K, zero border).
#pragma once

#include "Halide.h"

namespace involute::generators {

struct Conv2d {
    Halide::Var ni{"ni"}, no{"no"}, p{"p"}, b{"b"}, e{"e"}, y{"y"};
    int packing = 0;               // NR, the extent of ni
    bool has_batch = false;        // strided and window: a dimension b, point: batch lies in p
    bool pads = false;             // window
    Halide::Func padded{"padded"}; // (e, y, b), e = x*C + c: a row is one run of channels
    // strided and window, (p): the first element and the first row of the window of pixel p.
    Halide::Func element{"element"}, row{"row"};
    Halide::RDom reduction; // point: k; else j = kx*C + c and ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ni, no, p[, b])
};

struct Conv2dEpilogue {
    Halide::Func bias;     // (ni, no)
    Halide::Func residual; // (ni, no, p[, b])
    Halide::Expr floor;
    Halide::Expr pixels; // extent of p
    int packing;         // NR
};

// in(k, p), weight(ni, k, no), k in [0, depth).
Conv2d conv2d_point(const Halide::Func &in, const Halide::Func &weight, const Halide::Expr &depth,
                    const Conv2dEpilogue &epilogue);

// p / width: no x86 divides integers in vectors. Exact for p + 1/2 below 2^31: the nearest integer
// is at least 1/(2*width) away, rounding moves the quotient by less than 2^-21/width.
Halide::Expr row_of(const Halide::Expr &p, const Halide::Expr &width);

struct Conv2dWindow {
    Halide::Expr channels, stride;
    Halide::Expr width;                // of the output, p = y*width + x
    Halide::Expr run, rows;            // extents of j and ky
    Halide::Expr pad;                  // undefined: 0, no copy
    Halide::Expr row_elements, height; // of in, for the border
};

// in(e, y, b), weight(ni, j, ky, no).
Conv2d conv2d_window(const Halide::Func &in, const Halide::Func &weight, const Conv2dWindow &window,
                     const Conv2dEpilogue &epilogue);

} // namespace involute::generators
