// The register tiles of the hand schedules, as far as the runtime has to know them: for cutting
// work and for saying how much of it is thrown away or done twice. A test compares the figures
// with the knobs in schedules/.
#pragma once

#include <cstdint>

#include "core/registry.h"

namespace involute {

// Pixels that the products over channels handle in one step, by instruction set and packing width:
// as many accumulators as the registers hold.
int64_t product_tile(const KernelEntry &kernel);

// The same for a convolution over `pixels`: AVX2 has a second tile for counts it fits better; fewer
// pixels than a tile are done one by one.
int64_t convolution_tile(const KernelEntry &kernel, int64_t pixels);

// Blocks of NR columns that the products of kernel generation handle in one step, and those that
// their weights are padded to: whole steps, except that a lone block of hidden units stays alone.
int64_t blocks_at_once(const KernelEntry &kernel);
int64_t kernel_blocks(const KernelEntry &kernel, int64_t columns);
int64_t hidden_blocks(const KernelEntry &kernel, int64_t units);

// Pieces that the loops inside an involution are cut into for each thread that shares them.
constexpr int64_t kLoopPieces = 4;

// Pixels of an image row of `width` that involution and aggregation handle in one step;
// group_channels counts for generic rows only.
int64_t row_tile(const KernelEntry &kernel, int64_t width, int64_t group_channels = 16);

// Channels of a group of `group_channels` that they compute: steps of 16, 8 or 4 of which the last
// is shifted over the one before.
int64_t computed_channels(const KernelEntry &kernel, int64_t group_channels);

} // namespace involute
