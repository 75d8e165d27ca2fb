// The threads of a session: workers that share the iterations of one parallel loop at a time with
// the caller. Each thread begins with its own part of the iterations, the same part in every loop,
// so that what it wrote in one layer it finds in its caches in the next; who is done takes from the
// others. Idle workers spin for a moment (a network is some 70 loops in a row), then sleep.
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

    // The tasks first .. end - 1 of the current job that are meant for one thread and that nobody
    // has taken yet, as first << 32 | end. Whoever changes the word owns a task of the job that the
    // word belongs to, however long ago it was looked at.
    struct alignas(128) Share {
        std::atomic<uint64_t> tasks{0};
    };

    void work(int slot);
    bool wait_for_work(uint32_t *seen);
    void take_tasks(int slot);
    void run_task(int task);

    std::vector<std::thread> workers_;
    Job job_{};
    std::vector<Share> shares_; // of the caller and the workers
    alignas(128) std::atomic<uint32_t> job_number_{0};
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
