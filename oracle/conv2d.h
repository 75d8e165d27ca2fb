// Convolution of any group size, 'same' padding, then residual and ReLU; also with weights of their
// own at every output pixel (a locally connected layer).
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

struct Conv2d {
    int64_t batch = 1, in_channels = 0, out_channels = 0, height = 0, width = 0;
    Window kernel;
    int64_t stride = 1, dilation = 1, groups = 1;
    bool relu = false;
    bool local = false;              // weight and bias have [Ho,Wo] behind their other dimensions
    const float *input = nullptr;    // [B,I,H,W]
    const float *weight = nullptr;   // [O,I/groups,Kh,Kw]
    const float *bias = nullptr;     // [O], nullptr: zeros
    const float *residual = nullptr; // [B,O,Ho,Wo], nullptr: none
};

// [B,O,Ho,Wo]
Bounded conv2d(const Conv2d &layer);

} // namespace involute::oracle
