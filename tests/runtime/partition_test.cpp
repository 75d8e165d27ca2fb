// The cut of work into tasks: everything is covered, every thread gets work, and the shares are
// even where the sizes allow it.
#include "core/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/tiles.h"

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

WorkShape product(int64_t pixels, int64_t depth, int64_t outputs, int64_t nr) {
    WorkShape work;
    work.width = pixels;
    work.depth = work.input_floats = depth;
    work.blocks = outputs / nr;
    return work;
}

WorkShape map(int64_t rows, int64_t width, int64_t images) {
    WorkShape work;
    work.rows = rows, work.width = width, work.images = images;
    return work;
}

WorkShape kernels(int64_t rows, int64_t channels, int64_t images) {
    WorkShape work = map(rows, rows, images);
    work.input_floats = channels, work.depth = channels / 4, work.groups = channels / 16;
    work.blocks = ceil_of(49 * (channels / 16), 16);
    work.border = 6;
    return work;
}

TEST(Partition, OneThreadLeavesBlocksTogether) {
    const KernelEntry &kernel = *row("conv2d_point", INVOLUTE_ISA_AVX2);
    // Small weights: the inputs of a task fit into the L1 cache.
    const Partition wide = cut_work(kernel, product(3136, 256, 64, 16), 1);
    EXPECT_EQ(wide.blocks_per_task, 4);
    EXPECT_LE(wide.pixels_per_task * 256 * 4, 48 << 10);
    EXPECT_GE(wide.pixels_per_task * 256 * 4, 36 << 10);
    EXPECT_EQ(wide.tasks, ceil_of(3136, wide.pixels_per_task));
    // Large weights are read once.
    const Partition deep = cut_work(kernel, product(196, 256, 1024, 16), 1);
    EXPECT_EQ(deep.tasks, 1);
    EXPECT_EQ(deep.pixels_per_task, 196);
    EXPECT_EQ(deep.blocks_per_task, 64);
}

TEST(Partition, ThreadsShareBlocksOfSmallMaps) {
    const KernelEntry &kernel = *row("conv2d_point_n32", INVOLUTE_ISA_AVX512);
    for (const int threads : {2, 4, 8, 16}) {
        const Partition cut = cut_work(kernel, product(49, 512, 2048, 32), threads);
        EXPECT_EQ(cut.pixels_per_task, 49);
        EXPECT_EQ(cut.tasks % threads, 0) << threads;
    }
}

TEST(Partition, PixelsAreCutWhereBlocksAreFew) {
    const KernelEntry &kernel = *row("conv2d_window", INVOLUTE_ISA_AVX2);
    const Partition cut = cut_work(kernel, product(12544, 27, 32, 16), 3);
    EXPECT_GE(cut.tasks, 12);
    EXPECT_EQ(cut.blocks_per_task, 2); // a task reads its pixels once for both blocks
    // Never more pieces than tiles.
    EXPECT_EQ(cut_work(*row("conv2d_point", INVOLUTE_ISA_AVX2), product(5, 64, 16, 16), 8).tasks,
              1);
}

// No thread has much more to do than its share. (Time of a task: its steps of one tile and block.)
TEST(Partition, ConvolutionsAreBalanced) {
    const KernelEntry &kernel = *row("conv2d_point", INVOLUTE_ISA_AVX2);
    const struct {
        int64_t pixels, depth, outputs;
    } layers[] = {{3136, 64, 64},   {3136, 64, 256},  {3136, 256, 64}, {3136, 256, 128},
                  {784, 128, 512},  {784, 512, 128},  {784, 512, 256}, {196, 256, 1024},
                  {196, 1024, 256}, {196, 1024, 512}, {49, 512, 2048}, {49, 2048, 512}};
    for (const auto &layer : layers) {
        for (const int threads : {1, 2, 4, 8, 16}) {
            const WorkShape work = product(layer.pixels, layer.depth, layer.outputs, 16);
            const Partition cut = cut_work(kernel, work, threads);
            const int64_t tile = convolution_tile(kernel, layer.pixels);
            const int64_t tiles = ceil_of(cut.pixels_per_task, tile);
            const double longest =
                static_cast<double>(ceil_of(cut.tasks, threads) * tiles * cut.blocks_per_task);
            const double share =
                static_cast<double>(ceil_of(layer.pixels, tile) * work.blocks) / threads;
            EXPECT_GE(share / longest, 0.85)
                << layer.pixels << ": " << layer.depth << " -> " << layer.outputs << ", " << threads
                << " threads: " << cut.tasks << " tasks of " << cut.pixels_per_task << " x "
                << cut.blocks_per_task;
        }
    }
}

// The tasks of all images are one loop.
TEST(Partition, ImagesOfStridedConvolutionsAreBalancedTogether) {
    const KernelEntry &kernel = *row("conv2d_strided", INVOLUTE_ISA_AVX2);
    for (const int threads : {2, 3, 16, 64}) {
        WorkShape work = product(784, 256, 512, 16);
        work.images = 8;
        const Partition cut = cut_work(kernel, work, threads);
        const int64_t tiles = ceil_of(cut.pixels_per_task, 6);
        EXPECT_EQ(cut.tasks, 8 * ceil_of(131, tiles) * ceil_of(32, cut.blocks_per_task));
        const double longest =
            static_cast<double>(ceil_of(cut.tasks, threads) * tiles * cut.blocks_per_task);
        EXPECT_GE(static_cast<double>(8 * 131 * 32) / threads / longest, 0.85) << threads;
    }
}

TEST(Partition, ConvolutionsCoverEverything) {
    const KernelEntry &kernel = *row("conv2d_point", INVOLUTE_ISA_BASELINE);
    for (int64_t pixels : {1, 2, 3, 49, 196, 3136, 1 << 20}) {
        for (int64_t blocks : {1, 2, 3, 5, 8, 16, 128}) {
            for (int threads : {1, 2, 3, 7, 8, 64, 1024}) {
                const Partition cut =
                    cut_work(kernel, product(pixels, 64, blocks * 16, 16), threads);
                ASSERT_GE(cut.pixels_per_task, 1);
                ASSERT_LE(cut.pixels_per_task, pixels);
                ASSERT_GE(cut.blocks_per_task, 1);
                ASSERT_LE(cut.blocks_per_task, blocks);
                const int64_t tiles = ceil_of(pixels, 2),
                              per_task = ceil_of(cut.pixels_per_task, 2);
                ASSERT_EQ(cut.tasks,
                          ceil_of(tiles, per_task) * ceil_of(blocks, cut.blocks_per_task));
                // As many tasks as threads, as far as there are tiles.
                ASSERT_GE(cut.tasks, std::min<int64_t>(threads, blocks * tiles) / 2);
            }
        }
    }
}

TEST(Partition, RowsAreBalanced) {
    const KernelEntry &kernel = *row("max_pool", INVOLUTE_ISA_BASELINE);
    EXPECT_EQ(cut_work(kernel, map(56, 56, 1), 1).tasks, 1);
    const Partition eight = cut_work(kernel, map(56, 56, 1), 8);
    EXPECT_EQ(ceil_of(eight.tasks, 8) * eight.rows_per_task, 7);
    EXPECT_EQ(cut_work(kernel, map(7, 7, 4), 2).rows_per_task, 7); // images are tasks enough
    EXPECT_EQ(cut_work(kernel, map(1, 1, 1), 16).tasks, 1);
    for (int64_t rows = 1; rows < 60; ++rows) {
        for (int64_t images = 1; images < 5; ++images) {
            for (int threads = 1; threads < 12; ++threads) {
                const Partition cut = cut_work(kernel, map(rows, 3, images), threads);
                ASSERT_GE(cut.rows_per_task, 1);
                ASSERT_LE(cut.rows_per_task, rows);
                ASSERT_EQ(cut.pixels_per_task, cut.rows_per_task * 3);
                ASSERT_EQ(cut.tasks, images * ceil_of(rows, cut.rows_per_task));
                // No thread has more rows to do than an even share, rounded up to whole images.
                const int64_t rounds = ceil_of(cut.tasks, threads);
                ASSERT_LE(rounds * cut.rows_per_task, ceil_of(images * rows, threads) + rows)
                    << rows << " rows, " << images << " images, " << threads << " threads";
            }
        }
    }
}

TEST(Partition, InvolutionsOfSmallMapsAreOneTask) {
    const KernelEntry &kernel = *row("involution_k7_s1", INVOLUTE_ISA_AVX2);
    for (const int threads : {8, 16, 64}) {
        const Partition small = cut_work(kernel, kernels(7, 512, 1), threads);
        EXPECT_EQ(small.tasks, 1);
        EXPECT_EQ(small.rows_per_task, 7);
        EXPECT_EQ(small.rows_per_block, 7);
    }
    const Partition pair = cut_work(kernel, kernels(7, 512, 2), 64);
    EXPECT_EQ(pair.tasks, 1);
    EXPECT_EQ(pair.images_per_task, 2);
    // Rows and images are tasks where there are many.
    const Partition large = cut_work(kernel, kernels(56, 64, 1), 2);
    EXPECT_GE(large.tasks, 2);
    EXPECT_EQ(large.images_per_task, 1);
    EXPECT_EQ(cut_work(kernel, kernels(7, 512, 8), 2).images_per_task, 1);
}

// Rows are tasks, or all maps are one and the loops inside it are shared: of the last of them, over
// groups and runs of rows, no thread has much more to do than its share.
TEST(Partition, InvolutionsAreBalanced) {
    const KernelEntry &kernel = *row("involution_k7_s1", INVOLUTE_ISA_AVX2);
    const struct {
        int64_t size, channels, images;
        int threads;
    } cases[] = {{56, 64, 1, 16}, {28, 128, 1, 16}, {14, 256, 1, 16}, {7, 512, 1, 16},
                 {56, 64, 8, 64}, {28, 128, 8, 64}, {14, 256, 8, 64}, {7, 512, 8, 64},
                 {56, 64, 1, 64}, {28, 128, 1, 4},  {14, 256, 8, 16}};
    for (const auto &one : cases) {
        const int threads = one.threads;
        const Partition cut =
            cut_work(kernel, kernels(one.size, one.channels, one.images), threads);
        int64_t pieces = cut.tasks, rows = cut.rows_per_task, all = one.images * one.size;
        if (cut.threads_per_task > 1) { // image by image
            const int64_t groups = one.channels / 16,
                          runs = (threads - 1) * kLoopPieces / groups + 1;
            rows = ceil_of(one.size, runs), pieces = groups * ceil_of(one.size, rows);
            all = groups * one.size;
            EXPECT_EQ(cut.tasks, 1);
        } else {
            EXPECT_EQ(cut.images_per_task, 1);
            EXPECT_EQ(cut.tasks, one.images * ceil_of(one.size, cut.rows_per_task));
        }
        const double longest = static_cast<double>(ceil_of(pieces, threads) * rows);
        EXPECT_GE(static_cast<double>(all) / threads / longest, 0.85)
            << one.size << ", " << one.images << " images, " << threads << " threads: " << pieces
            << " pieces of " << rows << " rows";
    }
}

// Cores far apart pay for every line that changes hands: with few threads, rows stay where they
// are.
TEST(Partition, TwoThreadsShareRows) {
    for (const involute_isa isa : {INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512}) {
        const Partition cut = cut_work(*row("involution_k7_s1", isa), kernels(14, 256, 1), 2);
        EXPECT_EQ(cut.rows_per_task, 7);
        EXPECT_EQ(cut.threads_per_task, 1);
        const Partition small = cut_work(*row("involution_k7_s1", isa), kernels(7, 512, 1), 2);
        EXPECT_EQ(small.threads_per_task, 1);
    }
}

// Their padded rows would go through memory once more.
TEST(Partition, LargeMapsAreCutForOneThreadToo) {
    const KernelEntry &kernel = *row("involution_k7_s1", INVOLUTE_ISA_AVX2);
    for (const int64_t l2_bytes : {512 << 10, 1 << 20}) {
        const Cores cores(1, l2_bytes);
        EXPECT_EQ(cut_work(kernel, kernels(28, 128, 1), cores).tasks, 1);
        const Partition cut = cut_work(kernel, kernels(256, 64, 1), cores);
        EXPECT_TRUE(cut.rows_per_task == 4 ||
                    (cut.rows_per_task + 6) * 262 * 64 * 4 <= l2_bytes * 5 / 4);
        EXPECT_EQ(cut.tasks, ceil_of(256, cut.rows_per_task));
        EXPECT_GE(cut_work(kernel, kernels(2048, 64, 1), cores).rows_per_task, 4);
    }
}

TEST(Partition, LargerCachesTakeLargerBlocks) {
    const KernelEntry &kernel = *row("involution_k7_s1", INVOLUTE_ISA_AVX512);
    const WorkShape work = kernels(56, 64, 1);
    const Partition small = cut_work(kernel, work, {1, 512 << 10});
    const Partition large = cut_work(kernel, work, {1, 1 << 20});
    EXPECT_GT(large.rows_per_block, small.rows_per_block);
    EXPECT_GE(l2_cache_bytes(), 256 << 10);
    EXPECT_LE(l2_cache_bytes(), 2 << 20);
}

TEST(Partition, KernelsOfABlockFitIntoTheCache) {
    for (const involute_isa isa : {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512}) {
        const KernelEntry &kernel = *row("involution_k7_s1", isa);
        for (const int64_t size : {7, 14, 15, 28, 56, 57, 512}) {
            for (const int64_t channels : {64, 128, 256, 512}) {
                const WorkShape work = kernels(size, channels, 1);
                const Partition cut = cut_work(kernel, work, 1);
                ASSERT_GE(cut.rows_per_block, 1);
                ASSERT_LE(cut.rows_per_block, cut.rows_per_task);
                const int64_t row_bytes = size * work.blocks * 16 * 4;
                ASSERT_TRUE(cut.rows_per_block == 1 || cut.rows_per_block * row_bytes <= 320 << 10)
                    << size << " " << channels;
            }
        }
    }
}

} // namespace
} // namespace involute
