// Scratch memory: alignment, reuse, the fall back to the heap, and the functions that generated
// code calls.
#include "core/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "HalideRuntime.h"

#include "core/context.h"

namespace involute {
namespace {

TEST(Arena, MeasuredSizeIsEnoughAndExact) {
    const auto use = [](ScratchArena *arena) {
        void *a = arena->allocate(1000);
        void *b = arena->allocate(1);
        ScratchArena::release(a); // below b: its place stays taken
        void *c = arena->allocate(5000);
        ScratchArena::release(c);
        ScratchArena::release(b);
        void *d = arena->allocate(3000);
        ScratchArena::release(d);
    };
    ScratchArena measuring;
    use(&measuring);
    EXPECT_EQ(measuring.heap_blocks(), 4u);
    const size_t wanted = measuring.high_water();
    EXPECT_GE(wanted, 6001u);

    ScratchArena enough, tight;
    ASSERT_TRUE(enough.reserve(wanted).ok());
    for (int round = 0; round < 3; ++round)
        use(&enough);
    EXPECT_EQ(enough.heap_blocks(), 0u);
    EXPECT_EQ(enough.high_water(), wanted);
    ASSERT_TRUE(tight.reserve(wanted - 1).ok());
    use(&tight);
    EXPECT_EQ(tight.heap_blocks(), 1u);
    EXPECT_EQ(tight.high_water(), wanted);
}

// Blocks of any order of release keep their contents, are aligned, and never overlap.
TEST(Arena, RandomUse) {
    struct Block {
        unsigned char *data;
        size_t bytes;
        unsigned char mark;
    };
    for (size_t capacity : {size_t{0}, size_t{4096}, size_t{1} << 20}) {
        ScratchArena arena;
        ASSERT_TRUE(arena.reserve(capacity).ok());
        std::mt19937 random(7);
        std::vector<Block> blocks;
        for (int step = 0; step < 3000; ++step) {
            if (blocks.size() < 12 && random() % 2 == 0) {
                Block block{nullptr, random() % 3000, static_cast<unsigned char>(step)};
                block.data = static_cast<unsigned char *>(arena.allocate(block.bytes));
                ASSERT_NE(block.data, nullptr);
                ASSERT_EQ(reinterpret_cast<uintptr_t>(block.data) % 128, 0u);
                std::memset(block.data, block.mark, block.bytes);
                blocks.push_back(block);
            } else if (!blocks.empty()) {
                const size_t chosen = random() % blocks.size();
                const Block block = blocks[chosen];
                for (size_t i = 0; i < block.bytes; ++i)
                    ASSERT_EQ(block.data[i], block.mark);
                ScratchArena::release(block.data);
                blocks.erase(blocks.begin() + static_cast<long>(chosen));
            }
        }
        for (const Block &block : blocks)
            ScratchArena::release(block.data);
        if (capacity == size_t{1} << 20) {
            EXPECT_EQ(arena.heap_blocks(), 0u);
        }
    }
}

TEST(Arena, ImpossibleSizesGiveNull) {
    ScratchArena arena;
    EXPECT_EQ(arena.allocate(SIZE_MAX), nullptr);
    EXPECT_EQ(arena.allocate(SIZE_MAX - 500), nullptr);
    EXPECT_EQ(ScratchArena::allocate_unowned(SIZE_MAX), nullptr);
    EXPECT_EQ(arena.high_water(), 0u);
    ScratchArena::release(nullptr);
}

TEST(Arena, ReserveWhileInUseIsRefused) {
    ScratchArena arena;
    void *block = arena.allocate(10);
    EXPECT_EQ(arena.reserve(4096).code(), INVOLUTE_INTERNAL);
    ScratchArena::release(block);
    EXPECT_TRUE(arena.reserve(4096).ok());
}

// Tasks of a measuring context take from arena 1, everything else from arena 0.
TEST(Arena, MeasuringTellsTasksApart) {
    KernelContext context(nullptr, 2);
    context.set_measuring(true);
    void *outside = halide_malloc(&context, 100);
    const auto task = [](void *user_context, int index, uint8_t *) {
        void *block = halide_malloc(user_context, index == 2 ? 9000 : 10);
        halide_free(user_context, block);
        return 0;
    };
    EXPECT_EQ(halide_do_par_for(&context, task, 0, 4, nullptr), 0);
    halide_free(&context, outside);
    EXPECT_GE(context.arenas()[0].high_water(), 100u);
    EXPECT_LT(context.arenas()[0].high_water(), 1000u);
    EXPECT_GE(context.arenas()[1].high_water(), 9000u);
    EXPECT_EQ(context.arenas()[1].heap_blocks(), 4u);
    EXPECT_EQ(ThreadPool::current_slot(), 0);
}

TEST(Arena, GeneratedCodeWithoutAContext) {
    void *block = halide_malloc(nullptr, 300);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 128, 0u);
    std::memset(block, 1, 300);
    halide_free(nullptr, block);
    halide_free(nullptr, nullptr);
    halide_error(nullptr, "nobody listens");
    halide_print(nullptr, "nobody listens");
    int sum = 0;
    const auto task = [](void *, int index, uint8_t *closure) {
        *reinterpret_cast<int *>(closure) += index;
        return index == 6 ? -5 : 0;
    };
    EXPECT_EQ(halide_do_par_for(nullptr, task, 1, 3, reinterpret_cast<uint8_t *>(&sum)), 0);
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(halide_do_par_for(nullptr, task, 5, 3, reinterpret_cast<uint8_t *>(&sum)), -5);
    EXPECT_EQ(sum, 17);
}

TEST(Arena, TheFirstErrorMessageIsKept) {
    KernelContext context(nullptr, 1);
    halide_error(&context, "first\n");
    halide_error(&context, "second\n");
    EXPECT_STREQ(context.error_message(), "first");
    context.clear_error();
    EXPECT_STREQ(context.error_message(), "");
    const std::string text(5000, 'x');
    halide_error(&context, text.c_str());
    EXPECT_LT(std::strlen(context.error_message()), 500u);
}

} // namespace
} // namespace involute
