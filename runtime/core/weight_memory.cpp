#include "core/weight_memory.h"

#include <algorithm>

#include "core/checked_size.h"

namespace involute {
namespace {

// Chunks double from small to large, so that small models stay small and of large ones only the
// ends of a few chunks are wasted. Pages that nothing was put in are never touched.
constexpr size_t kSmallestChunk = size_t{64} << 10, kLargestChunk = size_t{8} << 20; // floats

} // namespace

Status WeightMemory::allocate(size_t count, const char *what, WeightSpan *result) {
    if (count > SIZE_MAX / sizeof(float) / 2)
        return Status::error(INVOLUTE_OUT_OF_MEMORY, "%s: no memory for %zu float32 values", what,
                             count);
    const size_t unit = alignment_ / sizeof(float);
    const size_t whole = (count + unit - 1) / unit * unit;
    if (chunks_.empty() || whole > chunks_.back().size() - used_) {
        const size_t next = std::clamp(capacity(), kSmallestChunk, kLargestChunk);
        AlignedFloats chunk(allocator_);
        INVOLUTE_RETURN_IF_ERROR(AlignedFloats::allocate(std::max(next, whole), what, &chunk));
        chunks_.push_back(std::move(chunk));
        used_ = 0;
    }
    *result = {chunks_.back().data() + used_, count};
    used_ += whole;
    return Status();
}

size_t WeightMemory::capacity() const {
    size_t floats = 0;
    for (const AlignedFloats &chunk : chunks_)
        floats += chunk.size();
    return floats;
}

} // namespace involute
