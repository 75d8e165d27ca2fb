// The context of kernel calls, and the functions by which generated code reaches it. They replace
// the defaults of the same name in Halide's runtime, which are weak: those would start threads of
// their own, allocate, print, and abort on errors. In one file with KernelContext, so that a static
// link cannot take the one without the other.
#include "core/context.h"

#include <cstring>

#include "core/clock.h"

#pragma GCC visibility push(hidden)
#include "HalideRuntime.h"

namespace involute {
namespace {

KernelContext *context_of(void *user_context) {
    return static_cast<KernelContext *>(user_context);
}

// A task of a region that is being recorded, put in place of the kernel's own.
struct RecordedTask {
    ParallelTask task;
    uint8_t *closure;
    int min;
    double *seconds; // by index, or nullptr
};

INVOLUTE_THREAD_LOCAL bool inside_recorded_task_ = false;

int run_recorded(void *user_context, int index, uint8_t *closure) {
    const RecordedTask &recorded = *reinterpret_cast<const RecordedTask *>(closure);
    inside_recorded_task_ = true;
    const Clock::time_point start = Clock::now();
    const int error = recorded.task(user_context, index, recorded.closure);
    if (recorded.seconds)
        recorded.seconds[index - recorded.min] = seconds_since(start);
    inside_recorded_task_ = false;
    return error;
}

} // namespace

KernelContext::KernelContext(ThreadPool *pool, size_t arenas, const Allocator &allocator)
    : pool_(pool) {
    arenas_.reserve(arenas);
    for (size_t i = 0; i < arenas; ++i)
        arenas_.emplace_back(allocator);
}

int KernelContext::parallel_for(ParallelTask task, int min, int size, uint8_t *closure) {
    if (recorder_ && size > 1 && !inside_recorded_task_)
        return record_tasks(task, min, size, closure);
    return run_tasks(task, min, size, closure);
}

int KernelContext::record_tasks(ParallelTask task, int min, int size, uint8_t *closure) {
    const size_t tasks = static_cast<size_t>(size);
    RecordedTask recorded{task, closure, min, recorder_->begin_region(tasks)};
    const Clock::time_point start = Clock::now();
    const int error = run_tasks(run_recorded, min, size, reinterpret_cast<uint8_t *>(&recorded));
    recorder_->end_region(tasks, seconds_since(start));
    return error;
}

int KernelContext::run_tasks(ParallelTask task, int min, int size, uint8_t *closure) {
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
