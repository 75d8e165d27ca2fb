// From a layer, its packed weights and the places of its tensors to the argument list of its
// kernel.
#pragma once

#include "core/kernel_call.h"
#include "core/model.h"
#include "core/partition.h"
#include "core/tensor_layout.h"

namespace involute {

struct LayerOperand {
    const TensorLayout *layout = nullptr; // nullptr: the layer has no such tensor
    float *host = nullptr;
};

struct LayerOperands {
    LayerOperand input, residual, kernels, output, grad;
};

struct LayerCall {
    explicit LayerCall(const KernelEntry &kernel) : call(kernel) {}

    KernelCall call;
    Partition partition;
    // Numbers of the buffers whose memory may belong to the caller of a session; -1: none.
    int input = -1, residual = -1, kernels = -1, output = -1, grad = -1;
};

WorkShape work_shape(const LayerSpec &layer, const KernelEntry &kernel, const TensorLayout &output);

// Entry n is 1/n rounded once, n in [0, stride*stride]; entry 0 is 0.
Status make_reciprocals(int64_t stride, AlignedFloats *table);
// Whether the kernel of this layer takes the table above.
bool wants_reciprocals(const LayerSpec &layer);

// Pointers into `weights`, `operands` and `reciprocals` are kept.
void bind_layer(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                const float *reciprocals, const Cores &cores, LayerCall *result);

} // namespace involute
