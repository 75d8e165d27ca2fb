// The thread pool: every task once, errors, late sleepers, several pools at once, and scratch
// memory taken inside tasks.
#include "core/threads.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <numeric>
#include <thread>

#include "HalideRuntime.h"

#include "core/context.h"

namespace involute {
namespace {

constexpr int kMost = 2000;

struct Counts {
    std::array<std::atomic<int>, kMost> calls{};
    bool fail = false;

    static int task(void *, int index, uint8_t *closure) {
        Counts *counts = reinterpret_cast<Counts *>(closure);
        counts->calls[static_cast<size_t>(index)].fetch_add(1);
        return counts->fail ? -7 : 0;
    }
    uint8_t *closure() {
        return reinterpret_cast<uint8_t *>(this);
    }
    int total() const {
        int sum = 0;
        for (const std::atomic<int> &call : calls)
            sum += call.load();
        return sum;
    }
};

TEST(Threads, EveryTaskRunsOnce) {
    for (int threads : {1, 2, 3, 8}) {
        ThreadPool pool;
        ASSERT_TRUE(pool.start(threads).ok());
        EXPECT_EQ(pool.threads(), threads);
        for (int size : {0, 1, 2, 7, 64, kMost - 5}) {
            Counts counts;
            EXPECT_EQ(pool.run(Counts::task, nullptr, 5, size, counts.closure()), 0);
            for (int i = 0; i < kMost; ++i)
                ASSERT_EQ(counts.calls[static_cast<size_t>(i)], i >= 5 && i < 5 + size) << i;
        }
    }
}

TEST(Threads, TheErrorCodeComesBackAndStopsTheRest) {
    for (int threads : {1, 3}) {
        ThreadPool pool;
        ASSERT_TRUE(pool.start(threads).ok());
        Counts counts;
        counts.fail = true;
        EXPECT_EQ(pool.run(Counts::task, nullptr, 0, kMost, counts.closure()), -7);
        EXPECT_LE(counts.total(), threads); // none begins another after its own failure
        counts.fail = false;
        EXPECT_EQ(pool.run(Counts::task, nullptr, 0, 10, counts.closure()), 0);
    }
}

// Short loops back to back, and pauses in which the workers fall asleep.
TEST(Threads, ManyLoopsWithAndWithoutSleep) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(4).ok());
    for (int round = 0; round < 3000; ++round) {
        Counts counts;
        const int size = 1 + round % 9;
        ASSERT_EQ(pool.run(Counts::task, nullptr, 0, size, counts.closure()), 0);
        ASSERT_EQ(counts.total(), size);
        if (round % 200 == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

// A worker is needed for the loop to end: two tasks wait for each other. It may be asleep.
TEST(Threads, WorkersReallyHelp) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(2).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    struct Meeting {
        std::atomic<int> arrived{0};
        std::atomic<bool> slots[2]{};
    } meeting;
    const auto meet = [](void *, int, uint8_t *closure) {
        Meeting *here = reinterpret_cast<Meeting *>(closure);
        here->slots[ThreadPool::current_slot()].store(true);
        here->arrived.fetch_add(1);
        while (here->arrived.load() < 2)
            std::this_thread::yield();
        return 0;
    };
    EXPECT_EQ(pool.run(meet, nullptr, 0, 2, reinterpret_cast<uint8_t *>(&meeting)), 0);
    EXPECT_TRUE(meeting.slots[0]);
    EXPECT_TRUE(meeting.slots[1]);
}

// The caller has nothing left to do but wait for a worker that takes its time.
TEST(Threads, TheCallerSleepsForASlowWorker) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(2).ok());
    std::atomic<int> ended{0};
    const auto slow = [](void *, int, uint8_t *closure) {
        if (ThreadPool::current_slot() == 1)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        reinterpret_cast<std::atomic<int> *>(closure)->fetch_add(1);
        return 0;
    };
    EXPECT_EQ(pool.run(slow, nullptr, 0, 3, reinterpret_cast<uint8_t *>(&ended)), 0);
    EXPECT_EQ(ended, 3);
}

TEST(Threads, ALoopWithinATaskRunsThere) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(3).ok());
    struct Nested {
        ThreadPool *pool;
        Counts counts;
    } nested{&pool, {}};
    const auto outer = [](void *, int index, uint8_t *closure) {
        Nested *here = reinterpret_cast<Nested *>(closure);
        return here->pool->run(Counts::task, nullptr, index * 10, 10, here->counts.closure());
    };
    EXPECT_EQ(pool.run(outer, nullptr, 0, 50, reinterpret_cast<uint8_t *>(&nested)), 0);
    for (int i = 0; i < kMost; ++i)
        ASSERT_EQ(nested.counts.calls[static_cast<size_t>(i)], i < 500) << i;
}

TEST(Threads, PoolsOfTwoCallersAtOnce) {
    const auto call = [] {
        ThreadPool pool;
        ASSERT_TRUE(pool.start(3).ok());
        for (int round = 0; round < 500; ++round) {
            Counts counts;
            ASSERT_EQ(pool.run(Counts::task, nullptr, 0, 20, counts.closure()), 0);
            ASSERT_EQ(counts.total(), 20);
        }
    };
    std::thread first(call), second(call);
    first.join();
    second.join();
}

// Each thread of a session takes its scratch from an arena of its own.
TEST(Threads, ScratchInsideTasks) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(3).ok());
    KernelContext context(&pool, 3);
    for (ScratchArena &arena : context.arenas())
        ASSERT_TRUE(arena.reserve(2048).ok());
    const auto task = [](void *user_context, int index, uint8_t *) {
        const size_t count = 256;
        int *block = static_cast<int *>(halide_malloc(user_context, count * sizeof(int)));
        std::iota(block, block + count, index);
        std::this_thread::yield();
        bool intact = true;
        for (size_t i = 0; i < count; ++i)
            intact = intact && block[i] == index + static_cast<int>(i);
        halide_free(user_context, block);
        return intact ? 0 : -1;
    };
    for (int round = 0; round < 200; ++round)
        ASSERT_EQ(halide_do_par_for(&context, task, 0, 30, nullptr), 0);
    for (const ScratchArena &arena : context.arenas())
        EXPECT_EQ(arena.heap_blocks(), 0u);
}

TEST(Threads, AtLeastOneCpuIsUsable) {
    EXPECT_GE(usable_cpus(), 1);
}

} // namespace
} // namespace involute
