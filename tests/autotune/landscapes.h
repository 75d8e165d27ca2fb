// Made-up run times of kernels over their knobs, shaped as measured ones are: waste in the last
// tile of a row, latency with few accumulators, spilling with many, and measurements that are off
// by 0.5%.
#pragma once

#include <string>
#include <vector>

#include "autotune/sweep.h"

namespace involute::autotune {

struct Landscape {
    std::string name;
    Sweep sweep;
};

// Six of 1,000 to 3,000 points and 5 to 7 knobs.
std::vector<Landscape> landscapes();

} // namespace involute::autotune
