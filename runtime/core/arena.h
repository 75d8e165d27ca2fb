// Scratch memory of one thread: a stack of blocks in one piece of memory. What does not fit goes to
// the heap but keeps its place in the stack, so that the largest extent ever wanted is known
// whatever the size of the arena; an arena of size 0 measures.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/allocator.h"
#include "core/status.h"

namespace involute {

class ScratchArena {
public:
    ScratchArena() = default;
    explicit ScratchArena(const Allocator &allocator) : allocator_(allocator) {}
    ~ScratchArena();
    ScratchArena(ScratchArena &&other) noexcept;
    ScratchArena &operator=(ScratchArena &&other) = delete;

    // Takes and touches `bytes`; only while no block is in use.
    Status reserve(size_t bytes);

    // Aligned to 128 bytes, with at least 64 readable bytes before and after; nullptr when the heap
    // is exhausted. Blocks may be released in any order, their place is reused last in, first out.
    void *allocate(size_t bytes);
    static void release(void *block);
    // A block of the system's heap that belongs to no arena, for callers without a context.
    static void *allocate_unowned(size_t bytes);

    size_t capacity() const {
        return capacity_;
    }
    size_t high_water() const {
        return high_water_;
    }
    // Blocks that went to the heap.
    uint64_t heap_blocks() const {
        return heap_blocks_;
    }

private:
    struct Header;

    void pop_released();

    Allocator allocator_; // the heap
    unsigned char *base_ = nullptr;
    size_t capacity_ = 0, top_ = 0, high_water_ = 0;
    uint64_t heap_blocks_ = 0;
    Header *last_ = nullptr; // newest block of the stack
};

} // namespace involute
