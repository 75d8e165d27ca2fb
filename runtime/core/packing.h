// From row-major weights to the blocks that kernels read (docs/kernel-interface.md) and back. NR
// outputs lie side by side, so that one vector holds the same weight of NR outputs; the last block
// is filled up with zeros.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "core/weight_memory.h"

namespace involute {

// weight(ni, k, no) [1, NR, NR*K] from [outputs][K]: 1x1 convolution, dense, both layers of
// kernel generation. Blocks beyond the outputs are zero.
struct MatrixPacking {
    int64_t outputs = 0, depth = 0, nr = 0; // depth: K
    int64_t padded_blocks = 0;              // 0: as many as the outputs need

    int64_t blocks() const;
    int64_t size() const; // in floats
};
void pack_matrix(const MatrixPacking &shape, const float *source, float *packed);
void unpack_matrix(const MatrixPacking &shape, const float *packed, float *source);

// weight(ni, j, ky, no) [1, NR, NR*J, NR*J*K] with j = kx*C + c from [outputs][C][K][K].
struct WindowPacking {
    int64_t outputs = 0, channels = 0, kernel = 0, nr = 0;

    int64_t blocks() const;
    int64_t size() const;
};
void pack_window(const WindowPacking &shape, const float *source, float *packed);
void unpack_window(const WindowPacking &shape, const float *packed, float *source);

// weight(o, c, kx, ky, g[, p]) from [groups*outputs][depth][height][width][pixels], o filled up
// with zeros to whole blocks of NR: grouped convolution and, with others for every pixel of the
// output, local. Depthwise: one group whose outputs are all channels.
struct GroupedPacking {
    int64_t outputs = 0, groups = 0; // outputs of a group
    int64_t depth = 0;               // inputs of an output
    int64_t height = 0, width = 0, nr = 0;
    int64_t pixels = 1;

    int64_t padded_outputs() const;
    int64_t size() const;
};
void pack_grouped(const GroupedPacking &shape, const float *source, float *packed);
void unpack_grouped(const GroupedPacking &shape, const float *packed, float *source);
// bias(o, g[, p]) from [groups*outputs][pixels]; zeros when source is nullptr.
void pack_grouped_vector(const GroupedPacking &shape, const float *source, float *packed);

// bias(n, no) [1, NR]: `count` values, or zeros when source is nullptr, in `blocks` of NR.
void pack_vector(int64_t count, int64_t nr, int64_t blocks, const float *source, float *packed);
void unpack_vector(int64_t count, const float *packed, float *source);

// Allocating forms. Sizes must fit the kernels' 32-bit indices; `what` names the layer in messages.
Status pack_matrix(const MatrixPacking &shape, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed);
Status pack_window(const WindowPacking &shape, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed);
Status pack_grouped(const GroupedPacking &shape, const float *source, const char *what,
                    WeightMemory *memory, WeightSpan *packed);
Status pack_grouped_vector(const GroupedPacking &shape, const float *source, const char *what,
                           WeightMemory *memory, WeightSpan *packed);
Status pack_vector(int64_t count, int64_t nr, int64_t blocks, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed);

} // namespace involute
