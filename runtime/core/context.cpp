// The context of kernel calls, and the functions by which generated code reaches it. They replace
// the defaults of the same name in Halide's runtime, which are weak: those would start threads of
// their own, allocate, print, and abort on errors. In one file with KernelContext, so that a static
// link cannot take the one without the other.
#include "core/context.h"

#include <cstring>

#pragma GCC visibility push(hidden)
#include "HalideRuntime.h"

namespace involute {
namespace {

KernelContext *context_of(void *user_context) {
    return static_cast<KernelContext *>(user_context);
}

} // namespace

KernelContext::KernelContext(ThreadPool *pool, size_t arenas) : pool_(pool), arenas_(arenas) {}

int KernelContext::parallel_for(ParallelTask task, int min, int size, uint8_t *closure) {
    if (pool_ && !measuring_)
        return pool_->run(task, this, min, size, closure);
    const int outer_slot = measuring_ ? ThreadPool::set_current_slot(1) : 0;
    int error = 0;
    for (int i = 0; i < size && error == 0; ++i)
        error = task(this, min + i, closure);
    if (measuring_)
        ThreadPool::set_current_slot(outer_slot);
    return error;
}

void *KernelContext::allocate(size_t bytes) {
    const size_t slot = static_cast<size_t>(ThreadPool::current_slot());
    return slot < arenas_.size() ? arenas_[slot].allocate(bytes)
                                 : ScratchArena::allocate_unowned(bytes);
}

void KernelContext::record_error(const char *message) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (message_[0] != '\0')
        return;
    std::strncpy(message_, message, sizeof message_ - 1);
    for (size_t end = std::strlen(message_); end > 0 && message_[end - 1] == '\n'; --end)
        message_[end - 1] = '\0';
}

void KernelContext::clear_error() {
    std::memset(message_, 0, sizeof message_);
}

} // namespace involute

extern "C" {

int halide_do_par_for(void *user_context, halide_task_t task, int min, int size, uint8_t *closure) {
    if (user_context)
        return involute::context_of(user_context)->parallel_for(task, min, size, closure);
    for (int i = 0; i < size; ++i) {
        if (const int error = task(nullptr, min + i, closure))
            return error;
    }
    return 0;
}

void *halide_malloc(void *user_context, size_t bytes) {
    return user_context ? involute::context_of(user_context)->allocate(bytes)
                        : involute::ScratchArena::allocate_unowned(bytes);
}

void halide_free(void *, void *block) {
    involute::ScratchArena::release(block);
}

void halide_error(void *user_context, const char *message) {
    if (user_context)
        involute::context_of(user_context)->record_error(message);
}

void halide_print(void *, const char *) {
    // A library has nothing to say on its host's terminal.
}

} // extern "C"
#pragma GCC visibility pop
