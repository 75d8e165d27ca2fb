#include "core/tiles.h"

#include "core/checked_size.h"

namespace involute {
namespace {

// The tiles of a row, widest first, 0: end.
const int *row_tiles(const KernelEntry &kernel) {
    static constexpr int kInvolutionAvx2[] = {5, 4, 0};
    static constexpr int kAggregationAvx2[] = {5, 4, 3, 0};
    static constexpr int kAvx512[] = {14, 10, 8, 7, 5, 0};
    static constexpr int kNeon[] = {8, 7, 6, 5, 0};
    static constexpr int kGradInputNeon[] = {5, 4, 3, 0};
    static constexpr int kBaseline[] = {2, 0};
    switch (kernel.isa) {
    case INVOLUTE_ISA_AVX512:
        return kAvx512;
    case INVOLUTE_ISA_AVX2:
        return kernel.op == Op::kInvolution ? kInvolutionAvx2 : kAggregationAvx2;
    case INVOLUTE_ISA_NEON:
        return kernel.op == Op::kAggregationGradInput ? kGradInputNeon : kNeon;
    default:
        return kBaseline;
    }
}

// Channels that a generic row handles in one step. Involution knows fewer steps, each of which
// holds its kernel generation once more.
int64_t channel_step(const KernelEntry &kernel, int64_t group_channels) {
    const bool all = kernel.op == Op::kAggregation;
    if (all && group_channels % 16 == 0)
        return 16;
    return group_channels >= 8 ? 8 : all && group_channels >= 4 ? 4 : 1;
}

// What fits beside a pointer for each pixel, of which general registers hold few.
int64_t generic_row_tile(const KernelEntry &kernel, int64_t group_channels) {
    switch (kernel.isa) {
    case INVOLUTE_ISA_AVX512:
        return 6;
    case INVOLUTE_ISA_AVX2:
    case INVOLUTE_ISA_NEON:
        return 4;
    default: // where a step is several vectors
        return kernel.op == Op::kAggregation && channel_step(kernel, group_channels) > 4 ? 2 : 4;
    }
}

} // namespace

int64_t product_tile(const KernelEntry &kernel) {
    switch (kernel.isa) {
    case INVOLUTE_ISA_AVX512:
        // Kernel generation takes two blocks of 16 columns at once, of a lone one 14 pixels.
        return kernel.op != Op::kConv2d || kernel.packing >= 32 ? 7 : 14;
    case INVOLUTE_ISA_AVX2:
        return kernel.packing >= 16 ? 6 : 12;
    case INVOLUTE_ISA_NEON:
        return kernel.packing >= 16 ? 5 : 10;
    default:
        return kernel.packing >= 16 ? 2 : 4;
    }
}

int64_t blocks_at_once(const KernelEntry &kernel) {
    return kernel.isa == INVOLUTE_ISA_AVX512 ? 2 : 1;
}

int64_t kernel_blocks(const KernelEntry &kernel, int64_t columns) {
    return round_up(ceil_div(columns, kernel.packing), blocks_at_once(kernel));
}

int64_t hidden_blocks(const KernelEntry &kernel, int64_t units) {
    return units <= kernel.packing ? ceil_div(units, kernel.packing) : kernel_blocks(kernel, units);
}

int64_t convolution_tile(const KernelEntry &kernel, int64_t pixels) {
    constexpr int64_t kPercent = 4; // by which a step of the second tile is slower
    if (kernel.is_generic())        // one vector of outputs
        return kernel.isa == INVOLUTE_ISA_AVX512     ? 14
               : kernel.isa == INVOLUTE_ISA_BASELINE ? 8
                                                     : 12;
    const int64_t usual = product_tile(kernel);
    const int64_t second = kernel.isa == INVOLUTE_ISA_AVX2 ? usual - 1 : usual;
    return round_up(pixels, second) * (100 + kPercent) < round_up(pixels, usual) * 100 ? second
                                                                                       : usual;
}

int64_t computed_channels(const KernelEntry &kernel, int64_t group_channels) {
    return kernel.is_generic() ? round_up(group_channels, channel_step(kernel, group_channels))
                               : group_channels;
}

int64_t row_tile(const KernelEntry &kernel, int64_t width, int64_t group_channels) {
    if (kernel.is_generic())
        return generic_row_tile(kernel, group_channels);
    int64_t best = 1, cost = 0;
    for (const int *tile = row_tiles(kernel); *tile != 0; ++tile) {
        const int64_t pixels = round_up(width, *tile);
        if (width >= *tile && (best == 1 || pixels < cost))
            best = *tile, cost = pixels;
    }
    return best;
}

} // namespace involute
