// Shapes follow the layers: an output is ceil(size / stride) of its input. No size is trusted to
// fit before it was multiplied with a check.
#include "core/tensor_layout.h"

#include <algorithm>
#include <cinttypes>

#include "core/checked_size.h"

namespace involute {
namespace {

Status set_spatial(const Graph &graph, int tensor, int64_t batch, int64_t height, int64_t width,
                   std::vector<TensorLayout> *layouts) {
    TensorLayout &layout = (*layouts)[static_cast<size_t>(tensor)];
    const bool known = layout.batch > 0;
    if (known && (layout.height != height || layout.width != width)) {
        return Status::error(INVOLUTE_INTERNAL,
                             "tensor %d '%s': expected %" PRId64 "x%" PRId64 ", got %" PRId64
                             "x%" PRId64,
                             tensor, graph.tensors[static_cast<size_t>(tensor)].name.c_str(),
                             height, width, layout.height, layout.width);
    }
    layout.batch = batch;
    layout.height = height;
    layout.width = width;
    return Status();
}

Status check_id(const Graph &graph, int tensor, bool optional) {
    if ((optional && tensor == -1) ||
        (tensor >= 0 && static_cast<size_t>(tensor) < graph.tensors.size()))
        return Status();
    return Status::error(INVOLUTE_INTERNAL, "graph: there is no tensor %d", tensor);
}

Status check_size(const Graph &graph, size_t tensor, const TensorLayout &layout) {
    int64_t elements = 0;
    if (checked_product({layout.batch, layout.height, layout.width, layout.pixel_stride},
                        &elements) &&
        elements <= kMaxElements)
        return Status();
    const std::string &name = graph.tensors[tensor].name;
    return Status::error(INVOLUTE_INVALID_ARGUMENT,
                         "batch, height, width: tensor %s of %" PRId64 "x%" PRId64 "x%" PRId64
                         " pixels with %" PRId64 " channels has more than %" PRId64 " values",
                         name.empty() ? "between layers" : ("'" + name + "'").c_str(), layout.batch,
                         layout.height, layout.width, layout.pixel_stride, kMaxElements);
}

// The channels of kernels are groups of taps.
Status split_taps(const LayerSpec &layer, TensorLayout *layout) {
    const int64_t channels = layout->channels();
    layout->taps = layer.kernel.taps();
    layout->groups = channels / layout->taps;
    if (layout->channels() == channels)
        return Status();
    return Status::error(INVOLUTE_INTERNAL,
                         "layer '%s': %" PRId64 " kernel channels are no multiple of %" PRId64
                         " taps",
                         layer.name.c_str(), channels, layout->taps);
}

// Windows that are moved inside need an image that holds them. Elsewhere a kernel copies the image,
// or the rows of a task, with its border, and finds its way by 32-bit indices.
Status check_window(const LayerSpec &layer, const TensorLayout &in) {
    const int64_t rows = layer.kernel.height, columns = layer.kernel.width, step = layer.dilation;
    if (layer.border == Border::kClamp) {
        if (rows * step <= in.height && columns * step <= in.width)
            return Status();
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "layer '%.100s': with border clamp and dilation %" PRId64
                             ", windows of %" PRId64 "x%" PRId64 " need an input of %" PRId64
                             "x%" PRId64 " at least, got %" PRId64 "x%" PRId64,
                             layer.name.c_str(), step, rows, columns, rows * step, columns * step,
                             in.height, in.width);
    }
    const bool convolves = layer.op == Op::kConv2d || layer.op == Op::kLocal;
    const bool pads = convolves || layer.op == Op::kAggregation || layer.op == Op::kInvolution ||
                      layer.op == Op::kAggregationGradWeight;
    if (!pads)
        return Status();
    if (layer.op == Op::kLocal && (in.height != layer.height || in.width != layer.width)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "layer '%.100s': its weights are for an input of %" PRId64 "x%" PRId64
                             ", got %" PRId64 "x%" PRId64,
                             layer.name.c_str(), layer.height, layer.width, in.height, in.width);
    }
    const int64_t useful = useful_dilation(layer, in);
    const int64_t images = convolves ? in.batch : 1;
    int64_t elements = 0;
    if (checked_product({images, in.height + useful * (rows - 1), in.width + useful * (columns - 1),
                         in.pixel_stride},
                        &elements) &&
        elements <= kMaxElements)
        return Status();
    return Status::error(INVOLUTE_UNSUPPORTED,
                         "layer '%.100s': an input of %" PRId64 "x%" PRId64 "x%" PRId64
                         " with a border for kernel %" PRId64 "x%" PRId64 " and dilation %" PRId64
                         " has more than %" PRId64 " values",
                         layer.name.c_str(), in.height, in.width, in.pixel_stride, rows, columns,
                         step, kMaxElements);
}

} // namespace

std::vector<int64_t> TensorLayout::public_shape() const {
    switch (kind) {
    case Kind::kVector:
        return {batch, channels()};
    case Kind::kKernels:
        return {batch, groups, taps, height, width};
    case Kind::kMap:
        break;
    }
    return {batch, channels(), height, width};
}

std::string shape_text(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (int64_t extent : shape)
        text += (text.size() > 1 ? "," : "") + std::to_string(extent);
    return text + "]";
}

Status infer_layouts(const Graph &graph, const std::vector<int> &packing, int64_t batch,
                     int64_t height, int64_t width, std::vector<TensorLayout> *layouts) {
    layouts->assign(graph.tensors.size(), TensorLayout());
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
        const TensorSpec &spec = graph.tensors[i];
        TensorLayout &layout = (*layouts)[i];
        layout.kind = spec.is_kernels  ? TensorLayout::Kind::kKernels
                      : spec.is_vector ? TensorLayout::Kind::kVector
                                       : TensorLayout::Kind::kMap;
        layout.taps = layout.pixel_stride = spec.channels;
    }
    if (graph.inputs.empty() || graph.outputs.empty())
        return Status::error(INVOLUTE_INTERNAL, "graph: no input or no output");
    for (int tensor : graph.inputs)
        INVOLUTE_RETURN_IF_ERROR(check_id(graph, tensor, false));
    for (int tensor : graph.outputs)
        INVOLUTE_RETURN_IF_ERROR(check_id(graph, tensor, false));
    const int first = graph.inputs[0];
    const bool flat = graph.tensors[static_cast<size_t>(first)].is_vector;
    // The size given is that of the input of an aggregation; its gradient comes from the output.
    const int64_t stride =
        !graph.layers.empty() && goes_back(graph.layers[0].op) ? graph.layers[0].stride : 1;
    INVOLUTE_RETURN_IF_ERROR(set_spatial(graph, first, batch, flat ? 1 : ceil_div(height, stride),
                                         flat ? 1 : ceil_div(width, stride), layouts));

    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        INVOLUTE_RETURN_IF_ERROR(check_id(graph, layer.input, false));
        INVOLUTE_RETURN_IF_ERROR(check_id(graph, layer.output, false));
        INVOLUTE_RETURN_IF_ERROR(check_id(graph, layer.residual, true));
        INVOLUTE_RETURN_IF_ERROR(
            check_id(graph, layer.kernels,
                     layer.op != Op::kAggregation && layer.op != Op::kAggregationGradInput));
        INVOLUTE_RETURN_IF_ERROR(
            check_id(graph, layer.grad,
                     layer.op != Op::kAggregationGradWeight && layer.op != Op::kReluGrad));
        const TensorLayout &in = (*layouts)[static_cast<size_t>(layer.input)];
        if (in.batch == 0) {
            return Status::error(INVOLUTE_INTERNAL, "layer '%s': its input is written later",
                                 layer.name.c_str());
        }
        const bool to_one = layer.op == Op::kGlobalPool || layer.op == Op::kDense;
        const bool back = goes_back(layer.op);
        const int64_t stride_xy = back ? 1 : layer.stride;
        const int64_t out_height = to_one ? 1 : ceil_div(in.height * layer.upsample, stride_xy);
        const int64_t out_width = to_one ? 1 : ceil_div(in.width * layer.upsample, stride_xy);
        for (int tensor : {layer.output, layer.residual}) {
            if (tensor >= 0) {
                INVOLUTE_RETURN_IF_ERROR(set_spatial(graph, tensor, batch,
                                                     back ? height : out_height,
                                                     back ? width : out_width, layouts));
            }
        }
        for (int tensor : {layer.kernels, layer.grad}) {
            if (tensor >= 0) {
                INVOLUTE_RETURN_IF_ERROR(
                    set_spatial(graph, tensor, batch, out_height, out_width, layouts));
            }
        }
        TensorLayout &out = (*layouts)[static_cast<size_t>(layer.output)];
        if (layer.op == Op::kDense || layer.op == Op::kKernelGeneration)
            out.pixel_stride = round_up(out.channels(), packing[i]);
        const int input = layer.op == Op::kSoftmax ? layer.input : -1;
        for (int tensor : {makes_kernels(layer.op) ? layer.output : layer.kernels, input}) {
            if (tensor >= 0)
                INVOLUTE_RETURN_IF_ERROR(
                    split_taps(layer, &(*layouts)[static_cast<size_t>(tensor)]));
        }
    }
    for (size_t i = 0; i < layouts->size(); ++i) {
        const TensorLayout &layout = (*layouts)[i];
        if (layout.batch == 0)
            return Status::error(INVOLUTE_INTERNAL, "graph: tensor %zu belongs to no layer", i);
        INVOLUTE_RETURN_IF_ERROR(check_size(graph, i, layout));
    }
    for (const LayerSpec &layer : graph.layers)
        INVOLUTE_RETURN_IF_ERROR(check_window(layer, (*layouts)[static_cast<size_t>(layer.input)]));
    return Status();
}

int64_t useful_dilation(const LayerSpec &layer, const TensorLayout &input) {
    return layer.border == Border::kZero
               ? std::min(layer.dilation, std::max(input.height, input.width))
               : layer.dilation;
}

int64_t layer_macs(const LayerSpec &layer, const TensorLayout &output) {
    const int64_t pixels = output.batch * output.pixels();
    const int64_t taps = layer.kernel.taps();
    const int64_t aggregation = layer.in_channels * taps;
    const int64_t rows = layer.group_channels > 0 ? aggregation / layer.group_channels : 0;
    const int64_t generation =
        layer.hidden > 0 ? layer.hidden * (layer.in_channels + rows) : layer.in_channels * rows;
    switch (layer.op) {
    case Op::kConv2d:
    case Op::kLocal:
        return pixels * layer.out_channels * (layer.in_channels / layer.groups) * taps;
    case Op::kDense:
        return pixels * layer.out_channels * layer.in_channels;
    case Op::kKernelGeneration:
        return pixels * generation;
    case Op::kAggregation:
    case Op::kAggregationGradWeight:
        return pixels * aggregation;
    case Op::kAggregationGradInput: // for every pixel of the aggregation's output
        return output.batch * ceil_div(output.height, layer.stride) *
               ceil_div(output.width, layer.stride) * aggregation;
    case Op::kInvolution:
        return pixels * (generation + aggregation);
    case Op::kSoftmax:
    case Op::kReluGrad:
    case Op::kAvgPoolGrad:
    case Op::kMaxPool:
    case Op::kAvgPool:
    case Op::kGlobalPool:
        break;
    }
    return 0;
}

} // namespace involute
