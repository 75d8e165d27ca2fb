// The cut of work into tasks: everything is covered, every thread gets work, and the shares are
// even where the sizes allow it.
#include "core/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace involute {
namespace {

const KernelEntry *row(const char *name, involute_isa isa) {
    for (const KernelEntry &kernel : kernel_table()) {
        if (kernel.isa == isa && std::string(kernel.row) == name)
            return &kernel;
    }
    return nullptr;
}

int64_t ceil_of(int64_t value, int64_t divisor) {
    return (value + divisor - 1) / divisor;
}

TEST(Partition, OneThreadGetsWholeBlocks) {
    const Partition cut = cut_work(*row("conv2d_point", INVOLUTE_ISA_AVX2), {16, 3136, 1, 1}, 1);
    EXPECT_EQ(cut.tasks, 16);
    EXPECT_GE(cut.tiles_per_task, 3136 / 6);
    const Partition rows = cut_work(*row("involution_k7_s1", INVOLUTE_ISA_AVX2), {1, 1, 57, 3}, 1);
    EXPECT_EQ(rows.rows_per_task, 57);
    EXPECT_EQ(rows.tasks, 3);
}

TEST(Partition, BlocksAloneWhereTheyAreEnough) {
    const KernelEntry &kernel = *row("conv2d_point_n32", INVOLUTE_ISA_AVX512);
    EXPECT_EQ(cut_work(kernel, {64, 49, 1, 1}, 8).tasks, 64);   // 8 a thread
    EXPECT_EQ(cut_work(kernel, {2, 3136, 1, 1}, 2).tasks, 2);   // a block each
    EXPECT_EQ(cut_work(kernel, {33, 3136, 1, 1}, 8).tasks, 33); // at least 4 a thread
}

TEST(Partition, PixelsAreCutWhereBlocksAreFew) {
    const Partition cut = cut_work(*row("conv2d_window", INVOLUTE_ISA_AVX2), {2, 12544, 1, 1}, 3);
    EXPECT_GE(cut.tasks, 12);
    EXPECT_LE(cut.tasks, 16);
    // Never more pieces than tiles.
    EXPECT_EQ(cut_work(*row("conv2d_point", INVOLUTE_ISA_AVX2), {1, 5, 1, 1}, 8).tasks, 1);
}

// Rows: pieces cover all rows, and the number of tasks is a multiple of the threads where the
// sizes allow it.
TEST(Partition, RowsAreBalanced) {
    const KernelEntry &kernel = *row("involution_k7_s1", INVOLUTE_ISA_BASELINE);
    EXPECT_EQ(cut_work(kernel, {1, 1, 56, 1}, 2).rows_per_task, 28);
    EXPECT_EQ(cut_work(kernel, {1, 1, 56, 1}, 8).rows_per_task, 7);
    EXPECT_EQ(cut_work(kernel, {1, 1, 7, 1}, 2).rows_per_task, 4);
    EXPECT_EQ(cut_work(kernel, {1, 1, 7, 4}, 2).rows_per_task, 7); // images are tasks enough
    EXPECT_EQ(cut_work(kernel, {1, 1, 7, 3}, 2).tasks, 6);
    EXPECT_EQ(cut_work(kernel, {1, 1, 1, 1}, 16).tasks, 1);
    for (int64_t rows = 1; rows < 60; ++rows) {
        for (int64_t images = 1; images < 5; ++images) {
            for (int threads = 1; threads < 12; ++threads) {
                const Partition cut = cut_work(kernel, {1, 1, rows, images}, threads);
                ASSERT_GE(cut.rows_per_task, 1);
                ASSERT_LE(cut.rows_per_task, rows);
                ASSERT_EQ(cut.tasks, images * ceil_of(rows, cut.rows_per_task));
                // No thread has more rows to do than an even share, rounded up to whole tasks.
                const int64_t rounds = ceil_of(cut.tasks, threads);
                ASSERT_LE(rounds * cut.rows_per_task, ceil_of(images * rows, threads) + rows)
                    << rows << " rows, " << images << " images, " << threads << " threads";
            }
        }
    }
}

TEST(Partition, ConvolutionsCoverAllTiles) {
    const KernelEntry &kernel = *row("conv2d_point", INVOLUTE_ISA_BASELINE);
    for (int64_t pixels : {1, 2, 3, 49, 196, 3136, 1 << 20}) {
        for (int64_t blocks : {1, 2, 3, 5, 8, 16, 128}) {
            for (int threads : {1, 2, 3, 7, 8, 64, 1024}) {
                const Partition cut = cut_work(kernel, {blocks, pixels, 1, 1}, threads);
                const int64_t tiles = ceil_of(pixels, 2);
                ASSERT_GE(cut.tiles_per_task, 1);
                ASSERT_LE(cut.tiles_per_task, tiles);
                ASSERT_EQ(cut.tasks, blocks * ceil_of(tiles, cut.tiles_per_task));
                // As many tasks as threads, as far as there are tiles.
                ASSERT_GE(cut.tasks, std::min<int64_t>(threads, blocks * tiles) / 2);
            }
        }
    }
}

} // namespace
} // namespace involute
