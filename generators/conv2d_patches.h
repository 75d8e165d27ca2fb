// Dense convolution as generators/conv2d.h has it, point, strided and window in one form: what a
// pixel reads is a patch of its own, so that a tile of pixels can be copied to where it is read
// often. For devices.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct Conv2dPatches {
    Halide::Var ni{"ni"}, no{"no"}, p{"p"}, b{"b"}, j{"j"}, ky{"ky"};
    int packing = 0;             // NR, the extent of ni
    bool has_batch = false;      // else batch lies in p
    Halide::Func patch{"patch"}; // (j, ky, p[, b]), j = kx*C + c
    Halide::RDom reduction;      // j, ky
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ni, no, p[, b])
};

struct Conv2dPatchesInputs {
    Halide::Func in, weight; // (k, p), (ni, k, no); strided and window (e, y, b), (ni, j, ky, no)
    bool point = false;
    bool pads = false;                         // else no window reaches beyond the image
    Halide::Expr run, rows;                    // extents of j and ky; point: run alone
    Halide::Expr channels, stride, pad, width; // of the input, 1, 0, of the output; not for point
    Halide::Expr row_elements, height;         // of in, for the border
    Halide::Func bias, residual;               // (ni, no), (ni, no, p[, b])
    Halide::Expr floor;
    Halide::Expr pixels; // extent of p
    int packing;
};

Conv2dPatches conv2d_patches(const Conv2dPatchesInputs &in);

} // namespace involute::generators
