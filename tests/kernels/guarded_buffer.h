// Memory of a kernel's operand between two pages that fault on any access, so that a read or write
// outside of it ends the test at once. The data are 64-byte aligned, as kernels are promised.
#pragma once

#include <cstddef>

namespace involute::kernel_tests {

enum class Placement { kFlushWithEnd, kFlushWithStart };

class GuardedBuffer {
public:
    GuardedBuffer() = default;
    GuardedBuffer(size_t count, Placement placement);
    ~GuardedBuffer();
    GuardedBuffer(GuardedBuffer &&other) noexcept;
    GuardedBuffer &operator=(GuardedBuffer &&other) noexcept;

    float *data() const {
        return data_;
    }
    size_t size() const {
        return count_;
    }
    // Alignment leaves up to 63 bytes between the data and the guard, whole pages lie on the other
    // side. All of it, as the data at first, is one NaN; false when somebody wrote there.
    bool slack_untouched() const;

private:
    unsigned char *mapping_ = nullptr;
    size_t mapped_ = 0; // bytes, with both guards
    float *data_ = nullptr;
    size_t count_ = 0;
};

} // namespace involute::kernel_tests
