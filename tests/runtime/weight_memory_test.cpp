// Storage of weights and activations: alignment, zeroes, growth, and what is left untouched.
#include "core/weight_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace involute {
namespace {

size_t resident_pages(const float *start, size_t bytes) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages((bytes + page - 1) / page);
    EXPECT_EQ(mincore(const_cast<float *>(start), bytes, pages.data()), 0);
    return static_cast<size_t>(
        std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) != 0; }));
}

TEST(AlignedFloats, SmallAndLargeStorageIsAlignedAndZero) {
    for (const size_t count : {size_t{1}, size_t{1000}, size_t{524287}, size_t{524288},
                               size_t{524289}, size_t{3000000}}) {
        AlignedFloats floats;
        ASSERT_TRUE(AlignedFloats::allocate(count, "test", &floats).ok());
        EXPECT_EQ(floats.size(), count);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(floats.data()) % kBlockAlignment, 0u);
        EXPECT_EQ(std::count(floats.data(), floats.data() + count, 0.0f),
                  static_cast<ptrdiff_t>(count));
        floats.data()[count - 1] = 1; // the last one is ours to write
        AlignedFloats moved = std::move(floats);
        EXPECT_EQ(moved.data()[count - 1], 1.0f);
        EXPECT_EQ(floats.data(), nullptr);
    }
}

TEST(AlignedFloats, LargeStorageTakesNoMemoryBeforeItIsTouched) {
    AlignedFloats floats;
    constexpr size_t kCount = size_t{16} << 20;
    ASSERT_TRUE(AlignedFloats::allocate(kCount, "test", &floats).ok());
    EXPECT_EQ(resident_pages(floats.data(), floats.bytes()), 0u);
    floats.data()[kCount / 2] = 1;
    EXPECT_GT(resident_pages(floats.data(), floats.bytes()), 0u);
}

TEST(AlignedFloats, TooMuchIsAStatus) {
    AlignedFloats floats;
    for (const size_t count : {SIZE_MAX, SIZE_MAX / 4, SIZE_MAX / 8}) {
        const Status status = AlignedFloats::allocate(count, "weights of 'x'", &floats);
        EXPECT_EQ(status.code(), INVOLUTE_OUT_OF_MEMORY);
        EXPECT_EQ(status.message(),
                  "weights of 'x': no memory for " + std::to_string(count) + " float32 values");
        EXPECT_EQ(floats.data(), nullptr);
    }
}

TEST(WeightMemory, PiecesAreApartAndStayWhenMoved) {
    WeightMemory memory;
    std::vector<WeightSpan> pieces;
    for (size_t count = 1; count < 3000000; count = count * 3 + 5) {
        pieces.emplace_back();
        ASSERT_TRUE(memory.allocate(count, "test", &pieces.back()).ok());
        EXPECT_EQ(pieces.back().size(), count);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(pieces.back().data()) % kVectorAlignment, 0u);
        std::fill_n(pieces.back().data(), count, static_cast<float>(pieces.size()));
    }
    const WeightMemory moved = std::move(memory);
    for (size_t i = 0; i < pieces.size(); ++i) {
        const float *data = pieces[i].data();
        EXPECT_EQ(std::count(data, data + pieces[i].size(), static_cast<float>(i + 1)),
                  static_cast<ptrdiff_t>(pieces[i].size()))
            << i;
    }
}

TEST(WeightMemory, SmallModelsStaySmallAndLargeOnesWasteLittle) {
    WeightMemory small;
    WeightSpan piece;
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(small.allocate(1000, "test", &piece).ok());
    EXPECT_LE(small.capacity() * sizeof(float), size_t{256} << 10);

    WeightMemory large;
    size_t floats = 0;
    for (int i = 0; i < 200; ++i) {
        const size_t count = size_t{16} << (10 + i % 6);
        floats += count;
        ASSERT_TRUE(large.allocate(count, "test", &piece).ok());
    }
    EXPECT_LE(large.capacity(), 2 * floats); // reserved, not touched
}

TEST(WeightMemory, TooMuchIsAStatusAndLeavesTheRestUsable) {
    WeightMemory memory;
    WeightSpan piece, huge;
    ASSERT_TRUE(memory.allocate(10, "test", &piece).ok());
    for (const size_t count : {SIZE_MAX, SIZE_MAX / 8}) {
        EXPECT_EQ(memory.allocate(count, "test", &huge).code(), INVOLUTE_OUT_OF_MEMORY);
        EXPECT_EQ(huge.data(), nullptr);
    }
    ASSERT_TRUE(memory.allocate(10, "test", &huge).ok());
    EXPECT_EQ(huge.data(), piece.data() + kVectorAlignment / sizeof(float));
}

} // namespace
} // namespace involute
