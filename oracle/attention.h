// Local self-attention: softmax over a window of query times key, then the sum of the values with
// these weights. Heads are groups of channels; stride 1, zeros around keys and values, so a tap
// beyond the border has score 0 and takes its share of the softmax.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

// A 1x1 convolution that keeps the number of channels.
struct Projection {
    const float *weight = nullptr; // [C,C]
    const float *bias = nullptr;   // [C], nullptr: zeros
};

struct LocalAttention {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    int64_t kernel = 1, dilation = 1, group_channels = 16;
    bool relu = false;
    const float *input = nullptr; // [B,C,H,W]
    // Kernels have 1/sqrt(group_channels) folded into the query, rounded once more.
    Projection query, key, value;
};

struct AttentionResult {
    Bounded kernels; // [B,G,K*K,H,W]: the weights after the softmax
    Bounded output;  // [B,C,H,W]
};

// The bounds compose: those of the projections through scores, softmax and sum.
AttentionResult local_attention(const LocalAttention &layer);

} // namespace involute::oracle
