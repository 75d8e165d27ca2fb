// Locally connected layer: a convolution whose weights are others at every output pixel, fully
// connected within a window. Two forms: grouped (each output sums the channels of its group) and
// depthwise (output o reads input channel o only).
#pragma once

#include "Halide.h"

namespace involute::generators {

struct Local {
    Halide::Var o{"o"}, g{"g"}, x{"x"}, y{"y"}, b{"b"}, e{"e"};
    Halide::Func padded{"padded"}; // (e, y, b), e = x*C + c: a row is one run of channels
    Halide::RDom window;           // c, kx, ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (o, g, x, y, b), o within the group
};

struct LocalInputs {
    Halide::Func in;                                       // (e, y, b)
    Halide::Expr row_elements, height;                     // of in
    Halide::Expr channels;                                 // of a pixel of in
    Halide::Func weight;                                   // (o, c, kx, ky, g, p), p = y*width + x
    Halide::Expr group_depth, kernel_width, kernel_height; // extents of c, kx, ky
    bool depthwise;                                        // c has extent 1, g too
    Halide::Expr stride, dilation;
    Halide::Expr width; // of the output
    Halide::Func bias;  // (o, g, p)
    Halide::Expr floor;
};

Local local(const LocalInputs &in);

} // namespace involute::generators
