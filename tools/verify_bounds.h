// How far float32 results may be from the exact ones: for every value n * 2^-24 * sum |w*x| of the
// sums it is made of, composed to first order where one sum's result goes into the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verify_cases.h"

namespace involute {

struct LayerShape {
    int64_t channels = 0, kernel = 0, stride = 0, dilation = 0, group_channels = 0;
    int64_t reduction = 0; // 0: single-layer generation
    int64_t height = 0, width = 0, batch = 0;

    int64_t groups() const {
        return channels / group_channels;
    }
    int64_t taps() const {
        return kernel * kernel;
    }
    int64_t inner() const { // what the second layer of kernel generation reads
        return reduction == 0 ? channels : channels / reduction;
    }
    int64_t out_height() const {
        return (height - 1) / stride + 1;
    }
    int64_t out_width() const {
        return (width - 1) / stride + 1;
    }
    std::vector<int64_t> input_shape() const {
        return {batch, channels, height, width};
    }
    std::vector<int64_t> kernels_shape() const {
        return {batch, groups(), taps(), out_height(), out_width()};
    }
    std::vector<int64_t> output_shape() const {
        return {batch, channels, out_height(), out_width()};
    }
};

// Exact values (in double) with the error that a float32 computation of them may have.
struct Bounded {
    std::vector<double> value, error;
};

// The kernels, [B,G,K*K,Ho,Wo], generated from the case's `input` with its weights.
Bounded bounded_kernels(const ReferenceCase &which, const LayerShape &shape);

// `kernels` as they are stored: without an error of their own.
Bounded stored_kernels(const ReferenceCase &which, const LayerShape &shape);

// The aggregation of `input` with kernels that have errors.
Bounded bounded_output(const ReferenceCase &which, const LayerShape &shape, const Bounded &kernels);

// The gradients of that aggregation, [B,C,H,W] and [B,G,K*K,Ho,Wo], from the stored `grad_output`.
Bounded bounded_grad_input(const ReferenceCase &which, const LayerShape &shape,
                           const Bounded &kernels);
Bounded bounded_grad_kernels(const ReferenceCase &which, const LayerShape &shape);

// The gradient of the input of the whole layer, through the aggregation and through the kernels.
Bounded bounded_layer_grad_input(const ReferenceCase &which, const LayerShape &shape);

// `output` or `kernels` of local self-attention with projections that have `bias` or none.
Bounded bounded_attention(const ReferenceCase &which, const LayerShape &shape, bool bias,
                          const std::string &result);

constexpr double kRounding = 0x1p-24; // of one float32 operation, relative

} // namespace involute
