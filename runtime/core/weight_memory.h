// Memory of a model's packed weights: pieces laid side by side in a few large chunks. Weights are
// read front to back once a run and mostly from beyond the caches, where huge pages pay: the
// prefetcher stops at the end of a page.
#pragma once

#include <vector>

#include "core/aligned.h"

namespace involute {

// Floats that a WeightMemory owns.
struct WeightSpan {
    float *start = nullptr;
    size_t count = 0;

    float *data() const {
        return start;
    }
    size_t size() const {
        return count;
    }
    size_t bytes() const {
        return count * sizeof(float);
    }
};

class WeightMemory {
public:
    WeightMemory() = default;
    explicit WeightMemory(const Allocator &allocator, size_t alignment = kVectorAlignment)
        : allocator_(allocator), alignment_(alignment) {}

    // Zeroed floats, aligned within their chunk to `alignment`, at least kVectorAlignment, which
    // live as long as this object and stay where they are when it is moved. `what` names them in
    // the message when there is not enough.
    Status allocate(size_t count, const char *what, WeightSpan *result);

    // What all chunks take together, in floats.
    size_t capacity() const;

    const std::vector<AlignedFloats> &chunks() const {
        return chunks_;
    }

private:
    Allocator allocator_;
    size_t alignment_ = kVectorAlignment;
    std::vector<AlignedFloats> chunks_;
    size_t used_ = 0; // floats of the last chunk
};

} // namespace involute
