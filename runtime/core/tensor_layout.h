// The shape of every tensor of a session: dense NHWC pixels in memory, [B,C,H,W] (or [B,C], or
// [B,G,K*K,H,W]) to the caller.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph.h"
#include "core/status.h"

namespace involute {

constexpr int64_t kMaxSessionDimension = int64_t{1} << 20; // batch, height, width
constexpr int64_t kMaxElements = INT32_MAX;                // of one tensor: kernels index by int32

// Channel c = g*taps + t of pixel (x, y) of image b lies at ((b*height + y)*width + x)*pixel_stride
// + c. Activations have one group.
struct TensorLayout {
    enum class Kind { kMap, kVector, kKernels };

    Kind kind = Kind::kMap;
    int64_t batch = 0, height = 0, width = 0;
    int64_t groups = 1, taps = 0;
    int64_t pixel_stride = 0; // >= channels(), more where a kernel writes whole blocks

    int64_t channels() const {
        return groups * taps;
    }
    int64_t pixels() const {
        return height * width;
    }
    int64_t elements() const {
        return batch * pixels() * pixel_stride;
    }
    // In the order of the C interface.
    std::vector<int64_t> public_shape() const;
};

std::string shape_text(const std::vector<int64_t> &shape); // "[1,3,224,224]"

// Sizes of all tensors for one input size. `packing[i]` is the NR of layer i's kernel. Fails where
// a tensor is too large for the kernels or the layers do not fit together.
Status infer_layouts(const Graph &graph, const std::vector<int> &packing, int64_t batch,
                     int64_t height, int64_t width, std::vector<TensorLayout> *layouts);

// The dilation that kernels get: where all taps but the middle one lie outside of the image, more
// changes nothing.
int64_t useful_dilation(const LayerSpec &layer, const TensorLayout &input);

// Multiplications and additions that the layer needs by definition, for the whole batch: every tap
// of every output pixel; no pooling, scaling, bias or activation.
int64_t layer_macs(const LayerSpec &layer, const TensorLayout &output);

} // namespace involute
