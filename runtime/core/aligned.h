// Zeroed float storage of the size asked for, aligned for the widest vectors; for packed weights,
// activations and tables. Pages of large storage are taken from the system when they are touched,
// unless the application's allocator takes the place of the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/allocator.h"
#include "core/status.h"

namespace involute {

constexpr size_t kVectorAlignment = 64; // first elements of packed weights and tensors
constexpr size_t kBlockAlignment = 128; // arenas: two lines, which the prefetcher loads as a pair

class AlignedFloats {
public:
    AlignedFloats() = default;
    explicit AlignedFloats(const Allocator &allocator) : allocator_(allocator) {}
    ~AlignedFloats();
    AlignedFloats(AlignedFloats &&other) noexcept {
        swap(other);
    }
    AlignedFloats &operator=(AlignedFloats &&other) noexcept {
        swap(other);
        return *this;
    }
    AlignedFloats(const AlignedFloats &) = delete;
    AlignedFloats &operator=(const AlignedFloats &) = delete;

    // From the allocator of `result`. `what` names the memory in the message when there is not
    // enough.
    static Status allocate(size_t count, const char *what, AlignedFloats *result);

    float *data() const {
        return data_;
    }
    size_t size() const {
        return size_;
    }
    size_t bytes() const {
        return size_ * sizeof(float);
    }

private:
    void swap(AlignedFloats &other) {
        std::swap(allocator_, other.allocator_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(mapped_bytes_, other.mapped_bytes_);
    }

    Allocator allocator_;
    float *data_ = nullptr;
    size_t size_ = 0;
    size_t mapped_bytes_ = 0; // 0: from the allocator
};

} // namespace involute
