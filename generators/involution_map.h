// Involution as generators/involution.h has it, but with two axes of pixels from the kernels on: a
// rectangular tile of the map has the kernels of that tile. Its pixels are neighbours in memory
// where they are kept. For devices, whose blocks of threads share such tiles.
#pragma once

#include "generators/aggregation.h"
#include "generators/avg_pool.h"

namespace involute::generators {

struct InvolutionMap {
    Halide::Var k{"k"}, u{"u"}, p{"p"}; // p = y*out_width + x, where nothing has tiles
    Halide::Var kx{"kx"}, ky{"ky"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    bool bottleneck = false, pools = false;
    AvgPool pool;                           // if pools, of one group of all channels
    Halide::Func values{"values"};          // (k, p, b), what kernels are generated from
    Halide::RDom channels;                  // in the order of kernel_generation
    Halide::Func hidden_sum{"hidden_sum"};  // (u, p, b), if bottleneck
    Halide::Func hidden{"hidden"};          // the same
    Halide::RDom units;                     // if bottleneck
    Halide::Func columns{"columns"};        // (kx, ky, unit, g), the weights of the taps
    Halide::Var i{"i"}, tx{"tx"}, ty{"ty"}; // pixel of a tile and tile
    Halide::Func kernel_sum{"kernel_sum"};  // (i, kx, ky, tx, ty, g, b)
    Halide::Func kernels{"kernels"};        // (x, y, kx, ky, g, b)
    Aggregation aggregation;                // .out is the result
};

struct InvolutionMapInputs {
    Halide::Func in; // (k, p, b)
    Halide::Expr group_channels, groups;
    Halide::Expr out_width, out_height;
    Halide::Func reduce_weight, reduce_bias; // (ni, k, no), (ni, no); undefined: no bottleneck
    Halide::Func weight, bias;               // (ni, k, no), (ni, no)
    Halide::Expr hidden_blocks;              // extent of no of reduce_weight
    Halide::Expr blocks;                     // extent of no of weight
    Halide::Expr units;                      // extent of k of weight, if there is a bottleneck
    Halide::Func reciprocal;                 // (n), with a stride
    int packing;                             // NR
    int tile_width = 1, tile_height = 1;     // of kernel_sum
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
