// Softmax over the taps of every pixel and group.
#pragma once

#include "oracle/bounds.h"

namespace involute::oracle {

struct Softmax {
    int64_t batch = 1, groups = 1, taps = 1, height = 1, width = 1;
    const float *input = nullptr; // [B,G,T,H,W]; unless scores with bounds are given
};

// The same shape. The kernels' powers of e are off by less than 4 units in the last place, and by
// the rounding of their argument; powers below e^-87 are 0.
Bounded softmax(const Softmax &layer);

// Of scores with errors of their own.
Bounded softmax(const Softmax &sizes, const Bounded &scores);

} // namespace involute::oracle
