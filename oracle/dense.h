// Fully connected layer: weight * input + bias.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

struct Dense {
    int64_t batch = 1, in_channels = 0, out_channels = 0;
    const float *input = nullptr;  // [B,I]
    const float *weight = nullptr; // [O,I]
    const float *bias = nullptr;   // [O], nullptr: zeros
};

// [B,O]
Bounded dense(const Dense &layer);

} // namespace involute::oracle
