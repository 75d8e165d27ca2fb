// Maximum, average and global average over [B,C,H,W]. Windows cut by the border take what they
// hold.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

struct Pool {
    int64_t batch = 1, channels = 0, height = 0, width = 0;
    int64_t kernel = 1, stride = 1;
    const float *input = nullptr; // [B,C,H,W]
};

// Odd kernels with (kernel - 1)/2 cells around the image that never win; [B,C,Ho,Wo]. A NaN wins.
Bounded max_pool(const Pool &layer);

// Windows of stride x stride side by side, whatever `kernel` says; [B,C,Ho,Wo].
Bounded avg_pool(const Pool &layer);

// [B,C]
Bounded global_pool(const Pool &layer);

} // namespace involute::oracle
