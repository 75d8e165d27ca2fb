// Where the memory of models and sessions comes from: the system, or what the application has put
// in its place. A value that is copied into everything that allocates, so that each piece goes back
// to where it came from, whatever was set since.
#pragma once

#include <cstddef>

#include "core/status.h"

namespace involute {

class Allocator {
public:
    Allocator() = default; // the system
    explicit Allocator(const involute_allocator &hooks);

    bool is_system() const {
        return allocate_ == nullptr;
    }
    // At least `bytes` (> 0) of any content, aligned to kBlockAlignment; nullptr when there are
    // none, or when the application's function returns memory that is not aligned.
    void *allocate(size_t bytes) const;
    void release(void *memory, size_t bytes) const;

private:
    void *user_ = nullptr;
    void *(*allocate_)(void *, size_t, size_t) = nullptr;
    void (*release_)(void *, void *, size_t, size_t) = nullptr;
};

// For models and sessions made from now on; nullptr: the system. Any thread.
Status set_allocator(const involute_allocator *hooks);
Allocator current_allocator();

} // namespace involute
