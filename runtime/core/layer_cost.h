// What one call of a layer's kernel computes and moves, counted from its sizes and its cut; for the
// profile. What the operator needs by definition is layer_macs().
#pragma once

#include "core/model.h"
#include "core/partition.h"
#include "core/tensor_layout.h"

namespace involute {

// Multiply-adds with everything that is thrown away or done twice: pixels that fill up register
// tiles, columns that fill up packed blocks. Taps outside of the picture count on both sides.
int64_t computed_macs(const LayerSpec &layer, const KernelEntry &kernel, const Partition &cut,
                      const TensorLayout &output);

// Of a layer; nullptr: it has no such tensor.
struct LayerLayouts {
    const TensorLayout *input = nullptr, *residual = nullptr, *kernels = nullptr, *output = nullptr,
                       *grad = nullptr;
};

// Bytes that the kernel must read and write at least: pixels of the input that some window or pool
// touches, residual, kernels, packed weights and output, each once.
int64_t moved_bytes(const LayerSpec &layer, const PackedLayer &packed, const LayerLayouts &layouts);

} // namespace involute
