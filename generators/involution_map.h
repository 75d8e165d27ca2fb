// Involution as generators/involution.h has it, but with two axes of pixels throughout: a
// rectangular tile of the map is a tile of every stage. The pixels of a tile are neighbours in
// memory where its kernels are kept. For devices, whose blocks of threads share such tiles.
#pragma once

#include "generators/aggregation.h"

namespace involute::generators {

struct InvolutionMap {
    Halide::Var k{"k"}, u{"u"}, kx{"kx"}, ky{"ky"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    bool bottleneck = false, pools = false;
    Halide::RDom window;                   // x, y within [0, stride), if pools
    Halide::Func pool_sum{"pool_sum"};     // (k, x, y, b), if pools
    Halide::Func pooled{"pooled"};         // the same, the average
    Halide::RDom channels;                 // in the order of kernel_generation
    Halide::Func hidden_sum{"hidden_sum"}; // (u, x, y, b), if bottleneck
    Halide::Func hidden{"hidden"};         // the same
    Halide::RDom units;                    // if bottleneck
    Halide::Func kernel_sum{"kernel_sum"}; // (x, y, kx, ky, g, b)
    Halide::Func kernels{"kernels"};       // the same
    Aggregation aggregation;               // .out is the result
};

struct InvolutionMapInputs {
    Halide::Func in; // (k, p, b)
    Halide::Expr group_channels, groups;
    Halide::Expr out_width, out_height;
    Halide::Func reduce_weight, reduce_bias; // (ni, k, no), (ni, no); undefined: no bottleneck
    Halide::Func weight, bias;               // (ni, k, no), (ni, no)
    Halide::Expr units;                      // extent of k of weight, if there is a bottleneck
    Halide::Func reciprocal;                 // (n), with a stride
    int packing;                             // NR
    // The input as an image, its size, the stride and the weights are filled in.
    AggregationInputs aggregation;
};

InvolutionMap involution_map(InvolutionMapInputs in);

// Kernels as an aggregation gets them, (kx, ky, g, x, y, b), the pixels innermost and zeros beyond
// the map: (x, y, kx, ky, g, b).
struct StagedKernels {
    Halide::Var kx{"kx"}, ky{"ky"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::Func staged{"staged_kernels"};
};

StagedKernels staged_kernels(const Halide::Func &kernels, const Halide::Expr &width,
                             const Halide::Expr &height);

} // namespace involute::generators
