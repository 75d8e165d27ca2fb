// Gradients of the plain layers: ReLU and average pooling.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

// `grad` where `output` of the ReLU is above 0 (or NaN), else 0; `count` values each.
Bounded relu_grad(const float *output, const float *grad, int64_t count);

struct AvgPoolGrad {
    int64_t batch = 1, channels = 0, height = 0, width = 0; // of the pool's input
    int64_t stride = 1;
    const float *grad = nullptr;   // [B,C,Ho,Wo]
    const float *addend = nullptr; // [B,C,H,W]
};

// addend + gradient of the pool's input, [B,C,H,W].
Bounded avg_pool_grad(const AvgPoolGrad &layer);

} // namespace involute::oracle
