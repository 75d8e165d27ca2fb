// The gradients of the aggregation, out = sum over taps of kernel * input; any odd K, stride,
// dilation, group size.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

// Sizes are those of the aggregation itself.
struct AggregationGradient {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    int64_t kernel = 1, stride = 1, dilation = 1, group_channels = 16;
    const float *grad_output = nullptr; // [B,C,Ho,Wo]
    const float *input = nullptr;       // [B,C,H,W]; grad_weight
    const float *kernels = nullptr;     // [B,G,K*K,Ho,Wo]; grad_input
};

// [B,C,H,W]
Bounded aggregation_grad_input(const AggregationGradient &layer);

// [B,G,K*K,Ho,Wo]
Bounded aggregation_grad_weight(const AggregationGradient &layer);

} // namespace involute::oracle
