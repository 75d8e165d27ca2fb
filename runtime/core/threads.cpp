// The thread pool. Sleeping and waking follow one pattern on both sides: the sleeper announces
// itself and looks once more, the waker publishes and looks for sleepers (all sequentially
// consistent, so one of the two sees the other).
#include "core/threads.h"

#include <chrono>
#include <csignal>
#include <pthread.h>
#include <sched.h>
#include <system_error>

namespace involute {
namespace {

// Longer than the gap between two layers, shorter than anybody notices on an idle machine.
constexpr std::chrono::microseconds kSpin{50};

INVOLUTE_THREAD_LOCAL int current_slot_ = 0;
INVOLUTE_THREAD_LOCAL bool inside_task_ = false;

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

template <class Done>
bool spin_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
        for (int i = 0; i < 32; ++i) {
            if (done())
                return true;
            pause();
        }
    } while (std::chrono::steady_clock::now() < end);
    return done();
}

uint32_t tasks_left(uint64_t state) {
    return static_cast<uint32_t>(state);
}

int run_serially(ParallelTask task, void *user_context, int min, int size, uint8_t *closure) {
    for (int i = 0; i < size; ++i) {
        if (const int error = task(user_context, min + i, closure))
            return error;
    }
    return 0;
}

} // namespace

int ThreadPool::current_slot() {
    return current_slot_;
}

int ThreadPool::set_current_slot(int slot) {
    const int old = current_slot_;
    current_slot_ = slot;
    return old;
}

Status ThreadPool::start(int threads) {
    // Signals of the host are for its own threads.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    Status status;
    try {
        workers_.reserve(static_cast<size_t>(threads));
        for (int slot = 1; slot < threads; ++slot)
            workers_.emplace_back([this, slot] { work(slot); });
    } catch (const std::system_error &error) {
        status = Status::error(INVOLUTE_UNAVAILABLE, "threads: cannot start thread %zu of %d: %s",
                               workers_.size() + 2, threads, error.what());
    } catch (const std::bad_alloc &) {
        status =
            Status::error(INVOLUTE_OUT_OF_MEMORY, "threads: no memory for %d threads", threads);
    }
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    return status;
}

ThreadPool::~ThreadPool() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_.store(true);
    }
    work_.notify_all();
    for (std::thread &worker : workers_)
        worker.join();
}

void ThreadPool::work(int slot) {
    current_slot_ = slot;
    inside_task_ = true;
#if defined(__linux__)
    pthread_setname_np(pthread_self(), "involute");
#endif
    while (wait_for_work())
        take_tasks();
}

bool ThreadPool::wait_for_work() {
    const auto ready = [this] {
        return tasks_left(state_.load(std::memory_order_acquire)) > 0 ||
               stop_.load(std::memory_order_relaxed);
    };
    if (!spin_until(ready)) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_workers_.fetch_add(1);
        work_.wait(lock, [this] { return tasks_left(state_.load()) > 0 || stop_.load(); });
        sleeping_workers_.fetch_sub(1);
    }
    return !stop_.load(std::memory_order_relaxed);
}

void ThreadPool::take_tasks() {
    uint64_t state = state_.load(std::memory_order_acquire);
    while (tasks_left(state) > 0) {
        if (!state_.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel,
                                          std::memory_order_acquire))
            continue;
        // The job cannot be replaced while one of its tasks is unfinished.
        const Job &job = job_;
        const int index = job.min + (job.size - static_cast<int>(tasks_left(state)));
        if (error_.load(std::memory_order_relaxed) == 0) {
            if (const int error = job.task(job.user_context, index, job.closure)) {
                int none = 0;
                error_.compare_exchange_strong(none, error);
            }
        }
        if (unfinished_.fetch_sub(1) == 1 && caller_sleeps_.load()) {
            std::lock_guard<std::mutex> lock(mutex_);
            done_.notify_one();
        }
        state = state_.load(std::memory_order_acquire);
    }
}

int ThreadPool::run(ParallelTask task, void *user_context, int min, int size, uint8_t *closure) {
    if (size <= 1 || workers_.empty() || inside_task_)
        return run_serially(task, user_context, min, size, closure);
    job_ = {task, user_context, min, size, closure};
    error_.store(0, std::memory_order_relaxed);
    unfinished_.store(size, std::memory_order_relaxed);
    const uint64_t number = (state_.load(std::memory_order_relaxed) >> 32) + 1;
    state_.store(number << 32 | static_cast<uint32_t>(size));
    if (sleeping_workers_.load() > 0) {
        { std::lock_guard<std::mutex> lock(mutex_); }
        work_.notify_all();
    }
    inside_task_ = true;
    take_tasks();
    inside_task_ = false;
    const auto finished = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
    if (!spin_until(finished)) {
        // A worker was interrupted in the middle of a task: leave it the CPU.
        std::unique_lock<std::mutex> lock(mutex_);
        caller_sleeps_.store(true);
        done_.wait(lock, [this] { return unfinished_.load() == 0; });
        caller_sleeps_.store(false);
    }
    return error_.load(std::memory_order_relaxed);
}

int usable_cpus() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
#endif
    const unsigned count = std::thread::hardware_concurrency();
    return count > 0 ? static_cast<int>(count) : 1;
}

} // namespace involute
