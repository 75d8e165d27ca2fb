// The K*K*G weights of every output pixel from that pixel's channels:
// [avg pool] -> 1x1 to `hidden` units, ReLU -> 1x1 to K*K*G; or a single 1x1 without the
// bottleneck. Pixels are one flat axis, p = y*width + x, as for every product over channels.
#pragma once

#include "Halide.h"
#include "generators/avg_pool.h"

namespace involute::generators {

struct KernelGeneration {
    Halide::Var n{"n"}, no{"no"}, p{"p"}, b{"b"};
    bool bottleneck = false, pools = false;
    AvgPool pool; // if pools
    Halide::RDom channels;
    Halide::Func hidden_sum{"hidden_sum"}, hidden{"hidden"}; // (n, no, p, b), if bottleneck
    Halide::RDom units; // the hidden units: within a block, block; if bottleneck
    Halide::Func sum{"kernel_sum"};
    Halide::Func out{"kernels"}; // (n, no, p, b), n + NR*no = g*K*K + ky*K + kx
};

struct KernelGenerationInputs {
    Halide::Func in; // (k, p, b), k in [0, group_channels * groups)
    Halide::Expr group_channels, groups;
    Halide::Expr width, height;              // of in
    Halide::Func reduce_weight, reduce_bias; // (n, k, no), (n, no); undefined: no bottleneck
    Halide::Expr hidden_blocks;              // units of the bottleneck / NR
    Halide::Func weight, bias;               // (n, k, no), (n, no)
    Halide::Expr stride;                     // undefined: 1
    Halide::Func reciprocal;                 // (n), with a stride
    Halide::Expr out_width, out_height;
    int packing; // NR
};

KernelGeneration kernel_generation(const KernelGenerationInputs &in);

} // namespace involute::generators
