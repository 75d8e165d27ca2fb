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

uint64_t pack(uint32_t first, uint32_t end) {
    return uint64_t{first} << 32 | end;
}

// Takes the first task of a share, or for another thread the last, which is the furthest from where
// the owner works.
bool take(std::atomic<uint64_t> *share, bool own, int *task) {
    uint64_t tasks = share->load(std::memory_order_acquire);
    while (true) {
        const uint32_t first = static_cast<uint32_t>(tasks >> 32);
        const uint32_t end = static_cast<uint32_t>(tasks);
        if (first == end)
            return false;
        const uint64_t rest = own ? pack(first + 1, end) : pack(first, end - 1);
        if (share->compare_exchange_weak(tasks, rest, std::memory_order_acq_rel,
                                         std::memory_order_acquire)) {
            *task = static_cast<int>(own ? first : end - 1);
            return true;
        }
    }
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
        shares_ = std::vector<Share>(static_cast<size_t>(threads));
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
    uint32_t seen = 0;
    while (wait_for_work(&seen))
        take_tasks(slot);
}

bool ThreadPool::wait_for_work(uint32_t *seen) {
    const auto ready = [&] {
        return job_number_.load(std::memory_order_acquire) != *seen ||
               stop_.load(std::memory_order_relaxed);
    };
    if (!spin_until(ready)) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_workers_.fetch_add(1);
        work_.wait(lock, [&] { return job_number_.load() != *seen || stop_.load(); });
        sleeping_workers_.fetch_sub(1);
    }
    *seen = job_number_.load(std::memory_order_acquire);
    return !stop_.load(std::memory_order_relaxed);
}

void ThreadPool::take_tasks(int slot) {
    const size_t own = static_cast<size_t>(slot), count = shares_.size();
    int task = 0;
    for (size_t distance = 0; distance < count; ++distance) {
        while (take(&shares_[(own + distance) % count].tasks, distance == 0, &task))
            run_task(task);
    }
}

void ThreadPool::run_task(int task) {
    // The job cannot be replaced while one of its tasks is unfinished.
    const Job &job = job_;
    if (error_.load(std::memory_order_relaxed) == 0) {
        if (const int error = job.task(job.user_context, job.min + task, job.closure)) {
            int none = 0;
            error_.compare_exchange_strong(none, error);
        }
    }
    if (unfinished_.fetch_sub(1) == 1 && caller_sleeps_.load()) {
        std::lock_guard<std::mutex> lock(mutex_);
        done_.notify_one();
    }
}

int ThreadPool::run(ParallelTask task, void *user_context, int min, int size, uint8_t *closure) {
    if (size <= 1 || workers_.empty() || inside_task_)
        return run_serially(task, user_context, min, size, closure);
    job_ = {task, user_context, min, size, closure};
    error_.store(0, std::memory_order_relaxed);
    unfinished_.store(size, std::memory_order_relaxed);
    const int64_t threads = static_cast<int64_t>(shares_.size());
    for (int64_t slot = 0; slot < threads; ++slot) {
        const int64_t first = size * slot / threads, end = size * (slot + 1) / threads;
        shares_[static_cast<size_t>(slot)].tasks.store(
            pack(static_cast<uint32_t>(first), static_cast<uint32_t>(end)),
            std::memory_order_release);
    }
    job_number_.fetch_add(1);
    if (sleeping_workers_.load() > 0) {
        { std::lock_guard<std::mutex> lock(mutex_); }
        work_.notify_all();
    }
    inside_task_ = true;
    take_tasks(0);
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
