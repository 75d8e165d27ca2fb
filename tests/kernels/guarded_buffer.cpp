// Guard pages by mmap and mprotect.
#include "tests/kernels/guarded_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace involute::kernel_tests {
namespace {

constexpr size_t kAlignment = 64;
constexpr uint32_t kFill = 0x7fc0a5a5; // a quiet NaN that no computation makes

size_t page_size() {
    static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

bool is_filled(const unsigned char *from, const unsigned char *to) {
    for (; from < to; from += sizeof kFill) {
        if (std::memcmp(from, &kFill, sizeof kFill) != 0)
            return false;
    }
    return true;
}

} // namespace

GuardedBuffer::GuardedBuffer(size_t count, Placement placement) : count_(count) {
    const size_t page = page_size(), bytes = round_up(count * sizeof(float), kAlignment);
    const size_t body = round_up(bytes == 0 ? 1 : bytes, page);
    mapped_ = body + 2 * page;
    void *mapping = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        throw std::bad_alloc();
    mapping_ = static_cast<unsigned char *>(mapping);
    if (mprotect(mapping_ + page, body, PROT_READ | PROT_WRITE) != 0)
        throw std::bad_alloc();
    for (size_t at = 0; at < body; at += sizeof kFill)
        std::memcpy(mapping_ + page + at, &kFill, sizeof kFill);
    const size_t offset = placement == Placement::kFlushWithEnd ? body - bytes : 0;
    data_ = reinterpret_cast<float *>(mapping_ + page + offset);
}

GuardedBuffer::~GuardedBuffer() {
    if (mapping_)
        munmap(mapping_, mapped_);
}

GuardedBuffer::GuardedBuffer(GuardedBuffer &&other) noexcept {
    *this = std::move(other);
}

GuardedBuffer &GuardedBuffer::operator=(GuardedBuffer &&other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
}

bool GuardedBuffer::slack_untouched() const {
    const unsigned char *first = reinterpret_cast<const unsigned char *>(data_);
    return is_filled(mapping_ + page_size(), first) &&
           is_filled(first + count_ * sizeof(float), mapping_ + mapped_ - page_size());
}

} // namespace involute::kernel_tests
