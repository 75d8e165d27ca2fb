// Convolution of any kind as a sum over windows, + residual, + ReLU: groups, dilation, rectangles,
// any number of channels. Two forms: grouped (each output sums the channels of its group) and
// depthwise (output o reads input channel o only).
#pragma once

#include "generators/conv2d.h"

namespace involute::generators {

struct Conv2dGrouped {
    Halide::Var o{"o"}, g{"g"}, p{"p"}, b{"b"}, e{"e"}, y{"y"};
    Halide::Func padded{"padded"}; // (e, y, b), e = x*C + c: a row is one run of channels
    // (p): the first element and the first row of the window of pixel p.
    Halide::Func element{"element"}, row{"row"};
    Halide::RDom window; // c, kx, ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (o, g, p, b), o within the group
};

struct Conv2dGroupedInputs {
    Halide::Func in;                                       // (e, y, b)
    Halide::Expr row_elements, height;                     // of in
    Halide::Expr channels;                                 // of a pixel of in
    Halide::Func weight;                                   // (o, c, kx, ky, g)
    Halide::Expr group_depth, kernel_width, kernel_height; // extents of c, kx, ky
    bool depthwise;                                        // c has extent 1, g too
    Halide::Expr stride, dilation;
    Halide::Expr width;    // of the output, p = y*width + x
    Halide::Expr pixels;   // extent of p
    Halide::Func bias;     // (o, g)
    Halide::Func residual; // (o, g, p, b)
    Halide::Expr floor;
};

Conv2dGrouped conv2d_grouped(const Conv2dGroupedInputs &in);

} // namespace involute::generators
