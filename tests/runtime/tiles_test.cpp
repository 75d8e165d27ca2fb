// The runtime's figures of register tiles against the knobs of the schedules, and the work that
// they make kernels compute.
#include "core/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/device.h"
#include "core/isa.h"
#include "core/layer_cost.h"
#include "schedules/aggregation_grad_input_knobs.h"
#include "schedules/aggregation_knobs.h"
#include "schedules/conv2d_grouped_knobs.h"
#include "schedules/conv2d_knobs.h"
#include "schedules/involution_knobs.h"
#include "schedules/kernel_generation_knobs.h"

namespace involute {
namespace {

using schedules::Machine;

int64_t tiled(int64_t pixels, int64_t tile) {
    return (pixels + tile - 1) / tile * tile;
}

// As schedules/cpu choose: the tile with fewest pixels, the widest of equals, 1 for narrow rows.
int64_t scheduled_row_tile(const schedules::RowTiles &tiles, int64_t width) {
    int64_t best = 1;
    for (int64_t tile : tiles.tile) {
        if (tile <= 1 || tile > width)
            continue;
        const int64_t pixels = tiled(width, tile), least = tiled(width, best);
        if (best == 1 || pixels < least || (pixels == least && tile > best))
            best = tile;
    }
    return best;
}

TEST(Tiles, AreThoseOfTheSchedules) {
    EXPECT_EQ(kLoopPieces, schedules::kLoopPieces);
    for (const KernelEntry &kernel : kernel_table()) {
        if (is_device(kernel.isa))
            continue; // its schedules cut by themselves
        const Machine &machine = schedules::machine_of(isa_name(kernel.isa));
        const std::string name = std::string(kernel.row) + " " + machine.isa;
        if (kernel.op == Op::kConv2d && kernel.is_generic()) {
            const auto knobs = schedules::Conv2dGroupedKnobs::defaults(machine, kernel.packing);
            EXPECT_EQ(convolution_tile(kernel, 100), knobs.tile) << name;
        } else if (kernel.op == Op::kConv2d) {
            const auto knobs = schedules::Conv2dKnobs::defaults(machine, kernel.packing);
            EXPECT_EQ(product_tile(kernel), knobs.tile) << name;
            EXPECT_EQ(convolution_tile(kernel, 1000 * knobs.tile), knobs.tile) << name;
            const int64_t second = knobs.tile_b != 0 ? knobs.tile_b : knobs.tile;
            EXPECT_EQ(convolution_tile(kernel, second), second) << name;
            EXPECT_EQ(convolution_tile(kernel, 1), second) << name;
        }
        if (kernel.op == Op::kKernelGeneration) {
            const auto knobs = schedules::KernelGenerationKnobs::defaults(machine, kernel.packing);
            EXPECT_EQ(product_tile(kernel), knobs.product.pixels) << name;
            EXPECT_EQ(blocks_at_once(kernel), knobs.product.blocks) << name;
        }
        if (kernel.op == Op::kInvolution) {
            const auto knobs = schedules::InvolutionKnobs::defaults(machine, kernel.packing);
            EXPECT_EQ(product_tile(kernel), knobs.product.pixels) << name;
            EXPECT_EQ(blocks_at_once(kernel), knobs.product.blocks) << name;
            for (int64_t width = 1; width < 100 && !kernel.is_generic(); ++width)
                EXPECT_EQ(row_tile(kernel, width), scheduled_row_tile(knobs.tiles, width))
                    << name << " " << width;
            const auto generic = schedules::InvolutionKnobs::generic(machine, kernel.packing);
            if (kernel.is_generic()) {
                EXPECT_EQ(row_tile(kernel, 1, 24), generic.tiles.tile[1]) << name;
            }
        }
        if (kernel.op == Op::kAggregationGradInput) {
            const auto knobs =
                schedules::AggregationGradInputKnobs::defaults(machine, kernel.packing);
            for (int64_t width = 1; width < 100 && !kernel.is_generic(); ++width)
                EXPECT_EQ(row_tile(kernel, width), scheduled_row_tile(knobs.tiles, width))
                    << name << " " << width;
        }
        if (kernel.op == Op::kAggregation && kernel.is_generic()) {
            const auto knobs = schedules::AggregationKnobs::generic(machine);
            for (const auto &[group, step] : {std::pair(32, 16), {24, 8}, {5, 4}, {3, 1}}) {
                EXPECT_EQ(row_tile(kernel, 1, group),
                          knobs.tiles.tile[step > machine.lanes ? 0 : 1])
                    << name << " " << group;
                EXPECT_EQ(computed_channels(kernel, group), tiled(group, step)) << name;
            }
        } else if (kernel.op == Op::kAggregation) {
            const auto knobs = schedules::AggregationKnobs::defaults(machine, kernel.packing);
            for (int64_t width = 1; width < 100; ++width)
                EXPECT_EQ(row_tile(kernel, width), scheduled_row_tile(knobs.tiles, width))
                    << name << " " << width;
        }
    }
}

#if !defined(__aarch64__) // the rows of x86

const KernelEntry &row(const char *name, involute_isa isa) {
    const KernelTable table = kernel_table();
    return *std::find_if(table.begin(), table.end(), [&](const KernelEntry &kernel) {
        return kernel.isa == isa && std::string(kernel.row) == name;
    });
}

TensorLayout map(int64_t batch, int64_t size, int64_t channels) {
    TensorLayout layout;
    layout.batch = batch, layout.height = layout.width = size;
    layout.taps = layout.pixel_stride = channels;
    return layout;
}

TEST(Tiles, ConvolutionsComputeWholeTiles) {
    const KernelEntry &avx2 = row("conv2d_point", INVOLUTE_ISA_AVX2);
    EXPECT_EQ(convolution_tile(avx2, 49), 5); // 50 pixels against 54
    EXPECT_EQ(convolution_tile(avx2, 48), 6);
    EXPECT_EQ(convolution_tile(avx2, 196), 6); // 198 against 200
    EXPECT_EQ(convolution_tile(avx2, 4), 5);   // pixels beyond the last are computed as well
    EXPECT_EQ(convolution_tile(row("conv2d_point_n32", INVOLUTE_ISA_AVX512), 49), 7);
    LayerSpec layer;
    layer.in_channels = 512, layer.out_channels = 2048;
    const TensorLayout output = map(1, 7, 2048), batch = map(3, 7, 2048);
    EXPECT_EQ(computed_macs(layer, avx2, {}, output), 50LL * 512 * 2048);
    EXPECT_EQ(layer_macs(layer, output), 49LL * 512 * 2048);
    EXPECT_EQ(computed_macs(layer, avx2, {}, batch), 150LL * 512 * 2048); // 147 in a row
    layer.kernel = 3; // the window form: image by image
    const KernelEntry &window = row("conv2d_window", INVOLUTE_ISA_AVX2);
    EXPECT_EQ(computed_macs(layer, window, {}, batch), 3LL * 50 * 512 * 2048 * 9);
}

TEST(Tiles, InvolutionsComputeWholeTilesInEachBlockOfRows) {
    const KernelEntry &kernel = row("involution_k7_s1", INVOLUTE_ISA_AVX2);
    LayerSpec layer;
    layer.op = Op::kInvolution;
    layer.kernel = 7, layer.in_channels = layer.out_channels = 64, layer.hidden = 16;
    Partition cut;
    cut.rows_per_task = 4, cut.rows_per_block = 3;
    // 7 rows of 7 pixels: tasks of 4 and 3 rows, blocks of 3, 1 and 3 rows, tiles of 6 pixels.
    const int64_t generated = 24 + 12 + 24, aggregated = 7 * 8;
    const int64_t columns = 208; // 49 taps of 4 groups in blocks of 16
    EXPECT_EQ(computed_macs(layer, kernel, cut, map(1, 7, 64)),
              generated * 16 * (64 + columns) + aggregated * 64 * 49);
    cut.rows_per_task = 7, cut.rows_per_block = 7, cut.images_per_task = 2;
    EXPECT_EQ(computed_macs(layer, kernel, cut, map(2, 7, 64)),
              2 * (54 * 16 * (64 + columns) + aggregated * 64 * 49));
}

#endif

} // namespace
} // namespace involute
