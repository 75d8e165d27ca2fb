// Where the tensors of a session lie in its one piece of memory: tensors whose lifetimes do not
// meet share addresses, and a sum may take the place of one of its terms.
#pragma once

#include <cstdint>
#include <vector>

#include "core/aligned.h"

namespace involute {

// In use from step `first` to step `last`, both included.
struct TensorLifetime {
    int64_t bytes = 0;
    int first = 0, last = 0;
    // Number of a tensor of the same size whose last step is this one's first and whose place this
    // one takes; -1: none.
    int over = -1;
};

struct MemoryPlan {
    std::vector<int64_t> offsets; // by tensor, multiples of the alignment
    int64_t bytes = 0;            // the size of the arena
    int64_t bytes_unshared = 0;   // what it would be without sharing
    int64_t bytes_most_alive = 0; // the largest sum over the tensors alive in a step: a lower limit
};

// Each tensor gets 64 bytes more than it asks for, so that a vector read over its end stays inside.
MemoryPlan plan_memory(const std::vector<TensorLifetime> &tensors,
                       int64_t alignment = kBlockAlignment);

} // namespace involute
