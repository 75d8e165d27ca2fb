// What nets/ hands to core/: a network or a single operator as a list of layers over dense NHWC
// tensors, each layer with its weights already folded. Knows nothing of kernels, sizes or threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace involute {

enum class Op {
    kConv2d,
    kInvolution,
    kKernelGeneration,
    kAggregation,
    kMaxPool,
    kAvgPool,
    kGlobalPool,
    kDense,
    kAggregationGradInput,
    kAggregationGradWeight,
    kSoftmax,     // over the taps of kernels, which are its input
    kLocal,       // a convolution with weights of its own at every output pixel
    kReluGrad,    // of the layer that made its input
    kAvgPoolGrad, // added to another gradient
};

// After the last one.
constexpr int kOps = static_cast<int>(Op::kAvgPoolGrad) + 1;

// Whether its output is [B,G,K*K,H,W].
inline bool makes_kernels(Op op) {
    return op == Op::kKernelGeneration || op == Op::kAggregationGradWeight || op == Op::kSoftmax;
}

// The gradients of the aggregation.
inline bool is_gradient(Op op) {
    return op == Op::kAggregationGradInput || op == Op::kAggregationGradWeight;
}

// Gradients of an input: their output has the height and width of a session, their input is strided
// instead.
inline bool goes_back(Op op) {
    return op == Op::kAggregationGradInput || op == Op::kAvgPoolGrad;
}

const char *op_name(Op op); // "conv2d", "involution", ...

// Taps of a window. A number is a square.
struct KernelSize {
    int64_t height = 1, width = 1;

    KernelSize(int64_t size = 1) : height(size), width(size) {}
    KernelSize(int64_t height, int64_t width) : height(height), width(width) {}

    int64_t taps() const {
        return height * width;
    }
    bool is_square() const {
        return height == width;
    }
};

// What windows hold beyond the image: zeros, or pixels of it because they are moved inside.
enum class Border { kZero, kClamp };

// One layer. Padding is always "same" (dilation*(kernel-1)/2 on every side, zeros; max_pool ignores
// padding), so every spatial output is ceil(size / stride), or size * upsample. avg_pool has kernel
// == stride and averages what a window cut by the border holds.
struct LayerSpec {
    Op op = Op::kConv2d;
    std::string name; // the official parameter prefix, e.g. "backbone.layer1.0.conv2"
    KernelSize kernel;
    int64_t stride = 1, dilation = 1;
    int64_t upsample = 1;          // aggregation: pixel (y, x) reads around (y, x) / upsample
    Border border = Border::kZero; // aggregation
    int64_t in_channels = 0, out_channels = 0;
    int64_t groups = 1;            // conv2d, local
    int64_t height = 0, width = 0; // local: of the only input that its weights are for
    int64_t group_channels = 16;   // involution family
    int64_t hidden = 0; // involution family: width of the bottleneck, 0: single-layer form
    bool relu = false;  // max(., 0) after bias / scale and shift, and after the residual
    int input = -1;     // tensor ids, indices into Graph::tensors
    int residual = -1;  // conv2d: added before the ReLU; avg_pool_grad: added
    int kernels = -1;   // aggregation and its grad_input: [B,G,K*K,Ho,Wo]
    int grad = -1;      // gradient of the output [B,C,Ho,Wo] of an aggregation or a ReLU:
                        // aggregation_grad_weight, relu_grad; the others have it as input
    int output = -1;
};

// Unpacked float32, row-major. Empty vectors: the layer has none (a missing bias is zeros).
struct LayerWeights {
    std::vector<float> weight, bias; // conv2d [O,I/groups,Kh,Kw], local [O,I/groups,Kh,Kw,Ho,Wo],
                                     // dense [O,I], second layer of kernel generation
                                     // [K*K*G, hidden or C]; local's bias is [O,Ho,Wo]
    std::vector<float> reduce_weight, reduce_bias; // first layer of kernel generation [hidden, C]
    std::vector<float> scale, shift; // [C], after involution / aggregation: x*scale + shift
};

struct TensorSpec {
    std::string name;        // "input", "logits", "stage1", ... for public ones, else ""
    int64_t channels = 0;    // K*K*G for kernels
    bool is_kernels = false; // public shape [B,G,K*K,H,W] rather than [B,C,H,W]
    bool is_vector = false;  // public shape [B,C]
};

struct Graph {
    std::vector<TensorSpec> tensors;
    std::vector<LayerSpec> layers; // in order of execution
    std::vector<int> inputs;       // tensor ids
    std::vector<int> outputs;      // the main output first, then the features
    std::string json;              // what involute_model_json says, less "isa"
};

// Receives the layers of a graph one by one; core/ packs the weights at once so that the source can
// be dropped before the next layer is read.
class LayerSink {
public:
    virtual ~LayerSink() = default;
    virtual Status add(const LayerSpec &layer, LayerWeights &&weights) = 0;
};

} // namespace involute
