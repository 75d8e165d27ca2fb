// The memory plan: tensors that live at the same time never share an address, and simple chains
// need no more than the lower limit.
#include "core/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace involute {
namespace {

void expect_sound(const std::vector<TensorLifetime> &tensors, const MemoryPlan &plan) {
    ASSERT_EQ(plan.offsets.size(), tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
        EXPECT_EQ(plan.offsets[i] % 128, 0);
        // 64 bytes more than asked for are inside as well.
        EXPECT_LE(plan.offsets[i] + tensors[i].bytes + 64, plan.bytes);
        for (size_t j = 0; j < i; ++j) {
            if (tensors[i].first > tensors[j].last || tensors[j].first > tensors[i].last)
                continue;
            if (tensors[i].over == static_cast<int>(j) || tensors[j].over == static_cast<int>(i)) {
                EXPECT_EQ(plan.offsets[i], plan.offsets[j]) << i << " and " << j;
                continue;
            }
            const bool apart = plan.offsets[i] + tensors[i].bytes + 64 <= plan.offsets[j] ||
                               plan.offsets[j] + tensors[j].bytes + 64 <= plan.offsets[i];
            ASSERT_TRUE(apart) << i << " and " << j;
        }
    }
    EXPECT_LE(plan.bytes_most_alive, plan.bytes);
    EXPECT_LE(plan.bytes, plan.bytes_unshared);
}

TEST(MemoryPlan, AChainNeedsItsTwoLargestNeighbours) {
    const std::vector<TensorLifetime> chain = {
        {1000, 0, 0}, {8000, 0, 1}, {4000, 1, 2}, {8000, 2, 3}, {100, 3, 4}};
    const MemoryPlan plan = plan_memory(chain);
    expect_sound(chain, plan);
    EXPECT_EQ(plan.bytes, plan.bytes_most_alive);
    EXPECT_EQ(plan.bytes, 8064 + 4096);
}

TEST(MemoryPlan, AResidualStaysAlive) {
    const std::vector<TensorLifetime> block = {
        {6400, 0, 3}, {1600, 0, 1}, {1600, 1, 2}, {6400, 3, 3}, {1600, 2, 3}};
    expect_sound(block, plan_memory(block));
}

// Three blocks x -> a -> b, x + b -> the next x: one place serves all x.
TEST(MemoryPlan, ASumTakesThePlaceOfItsResidual) {
    const std::vector<TensorLifetime> blocks = {
        {6400, 0, 2}, {1600, 0, 1},    {1600, 1, 2}, {6400, 2, 5, 0}, {1600, 3, 4},
        {1600, 4, 5}, {6400, 5, 8, 3}, {1600, 6, 7}, {1600, 7, 8},    {6400, 8, 8, 6}};
    const MemoryPlan plan = plan_memory(blocks);
    expect_sound(blocks, plan);
    EXPECT_EQ(plan.bytes, 6528 + 2 * 1664);
    EXPECT_EQ(plan.bytes, plan.bytes_most_alive);
    EXPECT_EQ(plan.offsets[0], plan.offsets[9]);
    EXPECT_EQ(plan.bytes_unshared, 4 * 6528 + 6 * 1664);
}

TEST(MemoryPlan, NothingAndEmptyTensors) {
    const MemoryPlan nothing = plan_memory({});
    EXPECT_EQ(nothing.bytes, 0);
    const std::vector<TensorLifetime> empty = {{0, 0, 0}, {0, 0, 0}};
    expect_sound(empty, plan_memory(empty));
}

TEST(MemoryPlan, RandomLifetimes) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<TensorLifetime> tensors(1 + random() % 40);
        for (TensorLifetime &tensor : tensors) {
            tensor.bytes = random() % 5000;
            tensor.first = static_cast<int>(random() % 30);
            tensor.last = tensor.first + static_cast<int>(random() % 6);
        }
        // Some tensors take the place of one that ends where they begin, each place once.
        std::vector<bool> taken(tensors.size(), false);
        for (size_t i = 0; i < tensors.size(); ++i) {
            const size_t from = random() % tensors.size();
            if (i == from || taken[i] || taken[from] || tensors[from].last <= tensors[from].first)
                continue;
            taken[from] = true;
            tensors[i].first = tensors[from].last;
            tensors[i].last = std::max(tensors[i].last, tensors[i].first);
            tensors[i].bytes = tensors[from].bytes;
            tensors[i].over = static_cast<int>(from);
        }
        expect_sound(tensors, plan_memory(tensors));
    }
}

TEST(MemoryPlan, TheSameInputGivesTheSamePlan) {
    const std::vector<TensorLifetime> equal = {{500, 0, 2}, {500, 1, 3}, {500, 2, 4}, {500, 3, 5}};
    EXPECT_EQ(plan_memory(equal).offsets, plan_memory(equal).offsets);
}

} // namespace
} // namespace involute
