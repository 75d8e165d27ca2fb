// What of a layer's weights is packed how; the packings themselves are in packing.h. Sizes are
// checked once more on the way in.
#include <cinttypes>

#include "core/checked_size.h"
#include "core/isa.h"
#include "core/model.h"
#include "core/packing.h"
#include "core/registered.h"
#include "core/tiles.h"

namespace involute {
namespace {

constexpr int64_t kMaxWindow = 1024; // kernel and stride: their squares become table sizes
constexpr int64_t kMaxChannels = int64_t{1} << 24;

Status check_range(const LayerSpec &layer, const char *property, int64_t value, int64_t low,
                   int64_t high) {
    if (low <= value && value <= high)
        return Status();
    return Status::error(INVOLUTE_INVALID_ARGUMENT,
                         "layer '%.100s' (%s): expected %s %" PRId64 " .. %" PRId64
                         ", got %" PRId64,
                         layer.name.c_str(), op_name(layer.op), property, low, high, value);
}

Status check_spec(const LayerSpec &layer) {
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "kernel", layer.kernel.height, 1, kMaxWindow));
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "kernel", layer.kernel.width, 1, kMaxWindow));
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "upsample", layer.upsample, 1, kMaxWindow));
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "groups", layer.groups, 1, layer.in_channels));
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "stride", layer.stride, 1, kMaxWindow));
    INVOLUTE_RETURN_IF_ERROR(check_range(layer, "in_channels", layer.in_channels, 1, kMaxChannels));
    INVOLUTE_RETURN_IF_ERROR(
        check_range(layer, "out_channels", layer.out_channels, 1, kMaxChannels));
    INVOLUTE_RETURN_IF_ERROR(
        check_range(layer, "group_channels", layer.group_channels, 1, kMaxChannels));
    return check_range(layer, "hidden", layer.hidden, 0, kMaxChannels);
}

// nets/ has checked what a file holds; this guards the border between the two folders.
Status check_count(const LayerSpec &layer, const char *what, const std::vector<float> &values,
                   std::initializer_list<int64_t> shape, bool optional) {
    int64_t expected = 0;
    const bool fits = checked_product(shape, &expected);
    if ((optional && values.empty()) || (fits && values.size() == static_cast<size_t>(expected)))
        return Status();
    return Status::error(INVOLUTE_INTERNAL,
                         "layer '%.100s': expected %" PRId64 " %s values, got %zu",
                         layer.name.c_str(), expected, what, values.size());
}

const float *data_or_null(const std::vector<float> &values) {
    return values.empty() ? nullptr : values.data();
}

Status pack_product(const LayerSpec &layer, const LayerWeights &weights, WeightMemory *memory,
                    PackedLayer *packed) {
    const int64_t nr = packed->kernel->packing, taps = layer.kernel.taps();
    const int64_t outputs = layer.out_channels, inputs = layer.in_channels;
    const char *name = layer.name.c_str();
    const bool window = packed->kernel->op == Op::kConv2d && packed->kernel->form != Form::kPoint;
    INVOLUTE_RETURN_IF_ERROR(
        check_count(layer, "weight", weights.weight, {outputs, inputs, window ? taps : 1}, false));
    INVOLUTE_RETURN_IF_ERROR(check_count(layer, "bias", weights.bias, {outputs}, true));
    INVOLUTE_RETURN_IF_ERROR(window
                                 ? pack_window({outputs, inputs, layer.kernel.width, nr},
                                               weights.weight.data(), name, memory, &packed->weight)
                                 : pack_matrix({outputs, inputs, nr}, weights.weight.data(), name,
                                               memory, &packed->weight));
    INVOLUTE_RETURN_IF_ERROR(pack_vector(outputs, nr, ceil_div(outputs, nr),
                                         data_or_null(weights.bias), name, memory, &packed->bias));
    // On the host all layers without a residual share a constant.
    return layer.op == Op::kConv2d && layer.residual < 0 && is_device(packed->kernel->isa)
               ? pack_vector(nr, nr, 1, nullptr, name, memory, &packed->zeros)
               : Status();
}

Status pack_grouped(const LayerSpec &layer, const LayerWeights &weights, WeightMemory *memory,
                    PackedLayer *packed) {
    const GroupedPacking shape = grouped_packing(layer, *packed->kernel);
    const char *name = layer.name.c_str();
    INVOLUTE_RETURN_IF_ERROR(check_count(
        layer, "weight", weights.weight,
        {layer.out_channels, layer.in_channels / layer.groups, layer.kernel.taps(), shape.pixels},
        false));
    INVOLUTE_RETURN_IF_ERROR(
        check_count(layer, "bias", weights.bias, {layer.out_channels, shape.pixels}, true));
    INVOLUTE_RETURN_IF_ERROR(
        pack_grouped(shape, weights.weight.data(), name, memory, &packed->weight));
    INVOLUTE_RETURN_IF_ERROR(
        pack_grouped_vector(shape, data_or_null(weights.bias), name, memory, &packed->bias));
    return layer.op == Op::kLocal || layer.residual >= 0
               ? Status()
               : pack_vector(shape.outputs, shape.nr, ceil_div(shape.outputs, shape.nr), nullptr,
                             name, memory, &packed->zeros);
}

Status pack_generation(const LayerSpec &layer, const LayerWeights &weights, WeightMemory *memory,
                       PackedLayer *packed) {
    const int64_t nr = packed->kernel->packing, channels = layer.in_channels;
    const int64_t outputs = layer.kernel.taps() * (channels / layer.group_channels);
    const int64_t depth = layer.hidden > 0 ? layer.hidden : channels;
    const char *name = layer.name.c_str();
    if (layer.hidden > 0) {
        INVOLUTE_RETURN_IF_ERROR(check_count(layer, "reduce weight", weights.reduce_weight,
                                             {layer.hidden, channels}, false));
        INVOLUTE_RETURN_IF_ERROR(
            check_count(layer, "reduce bias", weights.reduce_bias, {layer.hidden}, true));
        const int64_t blocks = hidden_blocks(*packed->kernel, layer.hidden);
        INVOLUTE_RETURN_IF_ERROR(pack_matrix({layer.hidden, channels, nr, blocks},
                                             weights.reduce_weight.data(), name, memory,
                                             &packed->reduce_weight));
        INVOLUTE_RETURN_IF_ERROR(pack_vector(layer.hidden, nr, blocks,
                                             data_or_null(weights.reduce_bias), name, memory,
                                             &packed->reduce_bias));
    }
    INVOLUTE_RETURN_IF_ERROR(check_count(layer, "weight", weights.weight, {outputs, depth}, false));
    INVOLUTE_RETURN_IF_ERROR(check_count(layer, "bias", weights.bias, {outputs}, true));
    const int64_t blocks = kernel_blocks(*packed->kernel, outputs);
    INVOLUTE_RETURN_IF_ERROR(pack_matrix({outputs, depth, nr, blocks}, weights.weight.data(), name,
                                         memory, &packed->weight));
    return pack_vector(outputs, nr, blocks, data_or_null(weights.bias), name, memory,
                       &packed->bias);
}

Status pack_scale(const LayerSpec &layer, const LayerWeights &weights, WeightMemory *memory,
                  PackedLayer *packed) {
    const int64_t channels = layer.in_channels;
    const char *name = layer.name.c_str();
    INVOLUTE_RETURN_IF_ERROR(check_count(layer, "scale", weights.scale, {channels}, true));
    INVOLUTE_RETURN_IF_ERROR(check_count(layer, "shift", weights.shift, {channels}, true));
    const std::vector<float> ones(weights.scale.empty() ? static_cast<size_t>(channels) : 0, 1.0f);
    INVOLUTE_RETURN_IF_ERROR(pack_vector(channels, 1, channels,
                                         ones.empty() ? weights.scale.data() : ones.data(), name,
                                         memory, &packed->scale));
    return pack_vector(channels, 1, channels, data_or_null(weights.shift), name, memory,
                       &packed->shift);
}

} // namespace

GroupedPacking grouped_packing(const LayerSpec &layer, const KernelEntry &kernel) {
    GroupedPacking shape;
    const bool depthwise = kernel.form == Form::kDepthwise;
    shape.groups = depthwise ? 1 : layer.groups;
    shape.outputs = layer.out_channels / shape.groups;
    shape.depth = layer.in_channels / layer.groups;
    shape.height = layer.kernel.height, shape.width = layer.kernel.width;
    shape.nr = kernel.packing;
    if (layer.op == Op::kLocal)
        shape.pixels = ceil_div(layer.height, layer.stride) * ceil_div(layer.width, layer.stride);
    return shape;
}

Status PackingSink::add(const LayerSpec &layer, LayerWeights &&weights) {
    const LayerWeights source = std::move(weights);
    PackedLayer packed;
    INVOLUTE_RETURN_IF_ERROR(check_spec(layer));
    INVOLUTE_RETURN_IF_ERROR(choose_kernel(table_, isa_, layer, &packed.kernel, &packed.why));
    const KernelEntry *own = registered_row(layer, isa_, schedule_.c_str());
    if (own) {
        packed.kernel = own;
        packed.why = std::string(own->row) + ": registered for schedule " + schedule_;
    }
    switch (layer.op) {
    case Op::kConv2d:
    case Op::kLocal:
    case Op::kDense:
        INVOLUTE_RETURN_IF_ERROR(packed.kernel->is_generic()
                                     ? pack_grouped(layer, source, &memory_, &packed)
                                     : pack_product(layer, source, &memory_, &packed));
        break;
    case Op::kInvolution:
        INVOLUTE_RETURN_IF_ERROR(pack_generation(layer, source, &memory_, &packed));
        INVOLUTE_RETURN_IF_ERROR(pack_scale(layer, source, &memory_, &packed));
        break;
    case Op::kKernelGeneration:
        INVOLUTE_RETURN_IF_ERROR(pack_generation(layer, source, &memory_, &packed));
        break;
    case Op::kAggregation:
        INVOLUTE_RETURN_IF_ERROR(pack_scale(layer, source, &memory_, &packed));
        break;
    case Op::kMaxPool:
    case Op::kAvgPool:
    case Op::kGlobalPool:
    case Op::kAggregationGradInput:
    case Op::kSoftmax:
    case Op::kAggregationGradWeight:
    case Op::kReluGrad:
    case Op::kAvgPoolGrad:
        break;
    }
    layers_.push_back(std::move(packed));
    return Status();
}

} // namespace involute
