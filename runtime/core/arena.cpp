// The stack of scratch blocks. Each block has a header of one alignment unit before it, which also
// gives the readable bytes before a block that generated code may touch.
#include "core/arena.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/aligned.h"

namespace involute {
namespace {

constexpr size_t kHeaderBytes = kBlockAlignment;
constexpr size_t kTailBytes = 64; // vector loads may run over the end of a block

} // namespace

struct ScratchArena::Header {
    ScratchArena *owner; // nullptr: no arena
    Header *below;       // the block before this one in the stack
    size_t start;        // where the stack stood before this block
    size_t bytes;        // with the header
    bool on_heap;
    bool released;
};

ScratchArena::~ScratchArena() {
    if (base_)
        allocator_.release(base_, capacity_);
}

ScratchArena::ScratchArena(ScratchArena &&other) noexcept {
    // Headers point to their arena: only arenas without blocks are moved.
    std::swap(allocator_, other.allocator_);
    std::swap(base_, other.base_);
    std::swap(capacity_, other.capacity_);
    std::swap(high_water_, other.high_water_);
    std::swap(heap_blocks_, other.heap_blocks_);
}

Status ScratchArena::reserve(size_t bytes) {
    if (last_)
        return Status::error(INVOLUTE_INTERNAL, "scratch: resized while in use");
    if (base_)
        allocator_.release(base_, capacity_);
    base_ = nullptr;
    capacity_ = 0;
    if (bytes == 0)
        return Status();
    void *memory = allocator_.allocate(bytes);
    if (!memory)
        return Status::error(INVOLUTE_OUT_OF_MEMORY, "scratch: no memory for %zu bytes", bytes);
    std::memset(memory, 0, bytes);
    base_ = static_cast<unsigned char *>(memory);
    capacity_ = bytes;
    return Status();
}

void *ScratchArena::allocate(size_t bytes) {
    static_assert(sizeof(Header) <= kHeaderBytes, "the header precedes the block");
    if (bytes > SIZE_MAX / 2)
        return nullptr;
    const size_t whole = kHeaderBytes + (bytes + kTailBytes + kBlockAlignment - 1) /
                                            kBlockAlignment * kBlockAlignment;
    void *memory = nullptr;
    const bool on_heap = whole > capacity_ || top_ > capacity_ - whole;
    if (!on_heap) {
        memory = base_ + top_;
    } else {
        memory = allocator_.allocate(whole);
        if (!memory)
            return nullptr;
        ++heap_blocks_;
    }
    last_ = new (memory) Header{this, last_, top_, whole, on_heap, false};
    top_ += whole;
    if (top_ > high_water_)
        high_water_ = top_;
    return static_cast<unsigned char *>(memory) + kHeaderBytes;
}

void *ScratchArena::allocate_unowned(size_t bytes) {
    void *memory = nullptr;
    if (bytes > SIZE_MAX / 2 ||
        posix_memalign(&memory, kBlockAlignment, kHeaderBytes + bytes + kTailBytes) != 0)
        return nullptr;
    new (memory) Header{nullptr, nullptr, 0, 0, true, false};
    return static_cast<unsigned char *>(memory) + kHeaderBytes;
}

void ScratchArena::release(void *block) {
    if (!block)
        return;
    void *memory = static_cast<unsigned char *>(block) - kHeaderBytes;
    Header *header = static_cast<Header *>(memory);
    if (!header->owner) {
        std::free(memory);
        return;
    }
    header->released = true;
    header->owner->pop_released();
}

// Generated code frees after the last use, not in reverse order of allocation: a block below a
// living one waits for it.
void ScratchArena::pop_released() {
    while (last_ && last_->released) {
        Header *header = last_;
        last_ = header->below;
        top_ = header->start;
        if (header->on_heap)
            allocator_.release(header, header->bytes);
    }
}

} // namespace involute
