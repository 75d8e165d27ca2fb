#include "core/layer_cost.h"

#include <algorithm>
#include <vector>

#include "core/checked_size.h"
#include "core/tiles.h"

namespace involute {
namespace {

constexpr int64_t kFloat = sizeof(float);

// Pixels of an image whose kernels are made, task by task and block by block.
int64_t generated_pixels(const KernelEntry &kernel, const Partition &cut,
                         const TensorLayout &output) {
    const int64_t tile = product_tile(kernel), rows = output.height;
    if (kernel.op == Op::kKernelGeneration)
        return round_up_runs(output.pixels(), cut.pixels_per_task, tile);
    const int64_t block = std::min<int64_t>(cut.rows_per_block, cut.rows_per_task);
    const auto of_task = [&](int64_t count) {
        return round_up_runs(count * output.width, block * output.width, tile);
    };
    return rows / cut.rows_per_task * of_task(cut.rows_per_task) +
           of_task(rows % cut.rows_per_task);
}

// Positions along one axis of the input that at least one window holds.
int64_t touched(int64_t size, int64_t outputs, int64_t kernel, int64_t stride, int64_t dilation) {
    std::vector<bool> seen(static_cast<size_t>(size), false);
    const int64_t before = dilation * (kernel - 1) / 2;
    for (int64_t out = 0; out < outputs; ++out) {
        for (int64_t tap = 0; tap < kernel; ++tap) {
            const int64_t at = out * stride + tap * dilation - before;
            if (at >= 0 && at < size)
                seen[static_cast<size_t>(at)] = true;
        }
    }
    return std::count(seen.begin(), seen.end(), true);
}

int64_t input_bytes(const LayerSpec &layer, const TensorLayout &in, const TensorLayout &out) {
    const bool windows = layer.op == Op::kConv2d || layer.op == Op::kLocal ||
                         layer.op == Op::kMaxPool || layer.op == Op::kAggregation ||
                         layer.op == Op::kAggregationGradWeight;
    if (!windows || layer.stride <= 1)
        return in.elements() * kFloat; // with a stride, pools read every pixel
    return in.batch * in.pixel_stride * kFloat *
           touched(in.height, out.height, layer.kernel.height, layer.stride, layer.dilation) *
           touched(in.width, out.width, layer.kernel.width, layer.stride, layer.dilation);
}

} // namespace

int64_t computed_macs(const LayerSpec &layer, const KernelEntry &kernel, const Partition &cut,
                      const TensorLayout &output) {
    const int64_t nr = kernel.packing, taps = layer.kernel.taps();
    const int64_t channels = layer.in_channels;
    if (layer.op == Op::kConv2d) {
        const bool flat = kernel.form == Form::kPoint; // a batch is one row of pixels
        const int64_t pixels = output.pixels() * (flat ? output.batch : 1);
        if (kernel.is_generic()) {
            const GroupedPacking shape = grouped_packing(layer, kernel);
            return output.batch * round_up(pixels, convolution_tile(kernel, pixels)) *
                   shape.groups * shape.padded_outputs() * shape.depth * taps;
        }
        return (flat ? 1 : output.batch) * round_up(pixels, convolution_tile(kernel, pixels)) *
               layer.out_channels * channels * taps;
    }
    if (layer.op == Op::kLocal) {
        const GroupedPacking shape = grouped_packing(layer, kernel);
        return output.batch * output.pixels() * shape.groups * shape.padded_outputs() *
               shape.depth * taps;
    }
    if (layer.op == Op::kDense)
        return output.batch * round_up(layer.out_channels, nr) * channels;
    if (is_gradient(layer.op)) {
        if (layer.op == Op::kAggregationGradWeight) // eight taps at a time
            return output.batch * output.pixels() * channels * round_up(taps, 8);
        if (kernel.kernel == 0)
            return layer_macs(layer, output);
        return output.batch * output.height * channels * taps *
               round_up(output.width, row_tile(kernel, output.width));
    }
    int64_t macs = 0;
    if (layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration) {
        const int64_t columns =
            nr * kernel_blocks(kernel, taps * (channels / layer.group_channels));
        const int64_t hidden = nr * hidden_blocks(kernel, layer.hidden);
        const int64_t per_pixel =
            layer.hidden > 0 ? hidden * channels + layer.hidden * columns : channels * columns;
        macs += output.batch * generated_pixels(kernel, cut, output) * per_pixel;
    }
    if (layer.op == Op::kInvolution || layer.op == Op::kAggregation) {
        const int64_t width =
            round_up(output.width, row_tile(kernel, output.width, layer.group_channels));
        const int64_t groups = channels / layer.group_channels;
        macs += output.batch * output.height * width * taps * groups *
                computed_channels(kernel, layer.group_channels);
    }
    return macs;
}

int64_t moved_bytes(const LayerSpec &layer, const PackedLayer &packed,
                    const LayerLayouts &layouts) {
    int64_t bytes =
        input_bytes(layer, *layouts.input, *layouts.output) + static_cast<int64_t>(packed.bytes());
    for (const TensorLayout *layout :
         {layouts.residual, layouts.kernels, layouts.output, layouts.grad}) {
        if (layout)
            bytes += layout->elements() * kFloat;
    }
    return bytes;
}

} // namespace involute
