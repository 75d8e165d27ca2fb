// The threads of a session: workers that take the iterations of one parallel loop at a time,
// together with the caller. Idle workers spin for a moment (a network is some 70 loops in a row),
// then sleep.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "core/status.h"

// The initial-exec model needs no allocation on first use, even in a library that was opened later.
#if defined(__ELF__)
#define INVOLUTE_THREAD_LOCAL static __attribute__((tls_model("initial-exec"))) thread_local
#else
#define INVOLUTE_THREAD_LOCAL static thread_local
#endif

namespace involute {

// The task type of Halide: returns 0 or an error code.
using ParallelTask = int (*)(void *user_context, int index, uint8_t *closure);

class ThreadPool {
public:
    ThreadPool() = default;
    ~ThreadPool();
    ThreadPool(const ThreadPool &) = delete;
    ThreadPool &operator=(const ThreadPool &) = delete;

    // Starts threads - 1 workers. `threads` counts the caller.
    Status start(int threads);

    int threads() const {
        return static_cast<int>(workers_.size()) + 1;
    }

    // Calls task for min .. min + size - 1, in any order, and returns when all calls have ended.
    // The first error code that is seen wins; tasks that have not begun by then are skipped. One
    // loop at a time; a loop within a task runs on the thread of the task.
    int run(ParallelTask task, void *user_context, int min, int size, uint8_t *closure);

    // 0 on a caller's thread, 1 .. threads - 1 on the workers of a pool.
    static int current_slot();
    // For running tasks under another slot on the same thread; returns the old one.
    static int set_current_slot(int slot);

private:
    struct Job {
        ParallelTask task;
        void *user_context;
        int min, size;
        uint8_t *closure;
    };

    void work(int slot);
    bool wait_for_work();
    void take_tasks();

    std::vector<std::thread> workers_;
    Job job_{};
    // Upper half: number of the job, lower half: its tasks not yet taken. One word, so that a
    // worker that comes late cannot take a task of a later job with the data of an earlier one.
    alignas(128) std::atomic<uint64_t> state_{0};
    alignas(128) std::atomic<int> unfinished_{0};
    std::atomic<int> error_{0};
    alignas(128) std::atomic<bool> stop_{false};
    std::atomic<int> sleeping_workers_{0};
    std::atomic<bool> caller_sleeps_{false};
    std::mutex mutex_;
    std::condition_variable work_, done_;
};

// The CPUs that this process may use, at least 1.
int usable_cpus();

} // namespace involute
