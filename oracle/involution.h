// Kernel generation, aggregation and the two as one layer; any odd K, stride, dilation, group size.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

// In eval mode, eps 1e-5.
struct BatchNorm {
    const float *weight, *bias, *mean, *variance; // [hidden]
};

// [avg pool stride x stride] -> [1x1 to `hidden` units, batch norm, ReLU] -> 1x1 to K*K*G.
struct KernelGeneration {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    Window kernel;
    int64_t stride = 1, group_channels = 16;
    int64_t hidden = 0;                   // 0: a single 1x1
    const float *input = nullptr;         // [B,C,H,W]
    const float *reduce_weight = nullptr; // [hidden,C]
    const float *reduce_bias = nullptr;   // [hidden], nullptr: zeros
    const BatchNorm *norm = nullptr; // of the hidden units; kernels have it folded into reduce_*
    const float *weight = nullptr;   // [K*K*G, hidden or C]
    const float *bias = nullptr;     // [K*K*G], nullptr: zeros
};

// [B,G,K*K,Ho,Wo]
Bounded kernel_generation(const KernelGeneration &layer);

struct Aggregation {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    Window kernel;
    int64_t stride = 1, dilation = 1, group_channels = 16;
    int64_t upsample = 1; // pixel (y, x) reads around (y, x) / upsample
    bool clamp = false;   // windows are moved inside, in steps of the dilation; else zeros around
    bool relu = false;
    const float *input = nullptr; // [B,C,H,W]
    const float *scale = nullptr; // [C], nullptr: neither scale nor shift
    const float *shift = nullptr; // [C]
};

// Where the windows along a line of `size` pixels begin: dilation*(K - 1)/2 before the pixel, or,
// if they are moved inside, at the nearest pixel that is a multiple of the dilation away from it
// and leaves room for all taps.
int64_t window_start(const Aggregation &layer, int64_t kernel, int64_t size, int64_t pixel);

// `kernels` [B,G,K*K,Ho,Wo] with the bounds of their errors; the result is [B,C,Ho,Wo].
Bounded aggregation(const Aggregation &layer, const Bounded &kernels);

// kernel_generation, then aggregation: the caller fills both with the same sizes and input.
Bounded involution(const KernelGeneration &generation, const Aggregation &layer);

// Kernels without errors of their own.
Bounded exact(const float *values, int64_t count);

} // namespace involute::oracle
