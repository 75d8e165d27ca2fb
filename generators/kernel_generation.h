// The K*K*G weights of every output pixel from that pixel's channels:
// [avg pool] -> 1x1 to `hidden` units, ReLU -> 1x1 to K*K*G; or a single 1x1 without the
// bottleneck. Pixels are one flat axis, p = y*width + x, as for every product over channels.
#pragma once

#include "Halide.h"
#include "generators/avg_pool.h"

namespace involute::generators {

struct KernelGeneration {
    Halide::Var n{"n"}, p{"p"}, b{"b"};
    bool bottleneck = false, pools = false;
    AvgPool pool;                       // if pools
    int packing = 0;                    // NR
    Halide::Expr hidden_blocks, blocks; // of NR columns of the two products
    Halide::RDom channels;              // if pools, (channel of the group, group)
    Halide::Func hidden_sum{"hidden_sum"}, hidden{"hidden"}; // (n, p, b), if bottleneck
    Halide::RDom units;                                      // the hidden ones, if bottleneck
    Halide::Func sum{"kernel_sum"};
    Halide::Func out{"kernels"}; // (n, p, b), n = g*K*K + ky*K + kx
};

struct KernelGenerationInputs {
    Halide::Func in; // (k, p, b), k in [0, group_channels * groups)
    Halide::Expr group_channels, groups;
    Halide::Expr width, height;              // of in
    Halide::Func reduce_weight, reduce_bias; // (ni, k, no), (ni, no); undefined: no bottleneck
    Halide::Func weight, bias;               // (ni, k, no), (ni, no)
    Halide::Expr hidden_blocks, blocks;      // extents of no
    Halide::Expr units;                      // extent of k of weight, if there is a bottleneck
    Halide::Expr stride;                     // undefined: 1
    Halide::Func reciprocal;                 // (n), with a stride
    Halide::Expr out_width, out_height;
    int packing; // NR
};

KernelGeneration kernel_generation(const KernelGenerationInputs &in);

} // namespace involute::generators
