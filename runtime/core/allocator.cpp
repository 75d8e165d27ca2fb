#include "core/allocator.h"

#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "core/aligned.h"
#include "core/log.h"

namespace involute {
namespace {

std::mutex allocator_mutex_;
Allocator allocator_in_force_; // under allocator_mutex_

} // namespace

Allocator::Allocator(const involute_allocator &hooks)
    : user_(hooks.user), allocate_(hooks.allocate), release_(hooks.release) {}

void *Allocator::allocate(size_t bytes) const {
    void *memory = nullptr;
    if (is_system())
        return posix_memalign(&memory, kBlockAlignment, bytes) == 0 ? memory : nullptr;
    memory = allocate_(user_, bytes, kBlockAlignment);
    if (reinterpret_cast<uintptr_t>(memory) % kBlockAlignment != 0) {
        log(INVOLUTE_LOG_ERROR, "allocator: expected memory aligned to %zu bytes, got %p",
            kBlockAlignment, memory);
        release(memory, bytes);
        return nullptr;
    }
    return memory;
}

void Allocator::release(void *memory, size_t bytes) const {
    if (is_system())
        std::free(memory);
    else if (memory)
        release_(user_, memory, bytes, kBlockAlignment);
}

Status set_allocator(const involute_allocator *hooks) {
    if (hooks && (!hooks->allocate || !hooks->release)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "allocator: expected a function %s, got NULL",
                             hooks->allocate ? "release" : "allocate");
    }
    const std::lock_guard<std::mutex> lock(allocator_mutex_);
    allocator_in_force_ = hooks ? Allocator(*hooks) : Allocator();
    return Status();
}

Allocator current_allocator() {
    const std::lock_guard<std::mutex> lock(allocator_mutex_);
    return allocator_in_force_;
}

} // namespace involute
