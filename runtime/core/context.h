// What a kernel's user_context points to: the threads and the scratch memory that a call may use,
// and the place for its error message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/arena.h"
#include "core/task_recorder.h"
#include "core/threads.h"

namespace involute {

class KernelContext {
public:
    // `pool` may be nullptr: the caller runs all tasks alone. Arena i serves slot i of the pool,
    // slots beyond `arenas` use the heap.
    KernelContext(ThreadPool *pool, size_t arenas, const Allocator &allocator = Allocator());

    // Runs tasks on the caller's thread but under slot 1, so that arena 0 and 1 tell apart what a
    // kernel wants outside and inside of its tasks.
    void set_measuring(bool measuring) {
        measuring_ = measuring;
    }

    // Times the regions and tasks of later calls; nullptr: nothing is timed. Borrowed.
    void set_recorder(TaskRecorder *recorder) {
        recorder_ = recorder;
    }

    // What a device's kernels and copies are ordered in: CUstream, cl_command_queue; nullptr: the
    // device's usual one.
    void set_stream(void *stream) {
        stream_ = stream;
    }
    void *stream() const {
        return stream_;
    }

    int parallel_for(ParallelTask task, int min, int size, uint8_t *closure);
    void *allocate(size_t bytes);

    // Keeps the first message since clear_error(). Any thread.
    void record_error(const char *message);
    void clear_error();
    const char *error_message() const {
        return message_;
    }

    std::vector<ScratchArena> &arenas() {
        return arenas_;
    }
    const std::vector<ScratchArena> &arenas() const {
        return arenas_;
    }

private:
    int run_tasks(ParallelTask task, int min, int size, uint8_t *closure);
    int record_tasks(ParallelTask task, int min, int size, uint8_t *closure);

    ThreadPool *pool_;
    bool measuring_ = false;
    TaskRecorder *recorder_ = nullptr;
    void *stream_ = nullptr;
    std::vector<ScratchArena> arenas_;
    std::mutex mutex_;
    char message_[384] = "";
};

} // namespace involute
