// Reading by official name first, then by the spellings of detection backbones (no "backbone." and
// "head.") and of data-parallel training ("module." in front).
#include "nets/parameters.h"

#include "core/checked_size.h"

namespace involute {

namespace {

constexpr size_t kStyles = 4;

std::string without(const std::string &name, const char *start) {
    const std::string cut = start;
    return name.compare(0, cut.size(), cut) == 0 ? name.substr(cut.size()) : name;
}

// Style 0 is the official one.
std::string styled(const std::string &name, size_t style) {
    const bool bare = style & 1, module = style & 2;
    const std::string base = bare ? without(without(name, "backbone."), "head.") : name;
    return module ? "module." + base : base;
}

} // namespace

ParameterReader::ParameterReader(const involute_weights *weights, std::string prefix)
    : weights_(weights), prefix_(std::move(prefix)) {}

// The name under which the source has the tensor. Synthetic weights have every name and say so of
// none, which makes it the official one.
std::string ParameterReader::spelling(const std::string &name, std::vector<int64_t> *shape) {
    for (size_t style = 0; style < kStyles; ++style) {
        std::string candidate = prefix_ + styled(name, style);
        if (weights_->shape_of(candidate, shape)) {
            style_ = style;
            return candidate;
        }
    }
    shape->clear();
    return prefix_ + styled(name, style_);
}

bool ParameterReader::shape_of(const std::string &name, std::vector<int64_t> *shape) {
    if (!weights_)
        return false;
    spelling(name, shape);
    return !shape->empty();
}

Status ParameterReader::read_tensor(const std::string &name, const std::vector<int64_t> &shape,
                                    WeightRole role, int64_t taps, std::vector<float> *values) {
    if (role != WeightRole::kNormMean && role != WeightRole::kNormVariance) {
        int64_t count = 1;
        for (int64_t size : shape)
            count *= size; // the limits of architectures and operators keep this in range
        parameters_ += count;
    }
    if (!weights_)
        return {};
    std::vector<int64_t> stored;
    return weights_->read(spelling(name, &stored), shape, role, taps, values);
}

Status ParameterReader::read_norm(const std::string &module, int64_t channels, Norm *norm) {
    const struct {
        const char *field;
        WeightRole role;
        std::vector<float> *values;
    } parts[] = {{".weight", WeightRole::kNormWeight, &norm->weight},
                 {".bias", WeightRole::kNormBias, &norm->bias},
                 {".running_mean", WeightRole::kNormMean, &norm->mean},
                 {".running_var", WeightRole::kNormVariance, &norm->variance}};
    for (const auto &part : parts)
        INVOLUTE_RETURN_IF_ERROR(
            read_tensor(module + part.field, {channels}, part.role, 0, part.values));
    return weights_ ? check_norm(*norm, prefix_ + styled(module, style_)) : Status();
}

// Convolution, local or dense layer.
Status ParameterReader::read_product(const Row &row, const std::vector<int64_t> &shape,
                                     LayerWeights *weights) {
    const int64_t channels = row.layer.out_channels;
    std::vector<int64_t> bias = {channels};
    if (row.layer.op == Op::kLocal) // one of every pixel
        bias.insert(bias.end(), shape.end() - 2, shape.end());
    INVOLUTE_RETURN_IF_ERROR(
        read_tensor(row.names.weight, shape, WeightRole::kConv, 0, &weights->weight));
    if (!row.names.bias.empty())
        INVOLUTE_RETURN_IF_ERROR(
            read_tensor(row.names.bias, bias, WeightRole::kBias, 0, &weights->bias));
    if (weights_ && row.factor != 1)
        fold_factor(row.factor, &weights->weight, &weights->bias);
    if (row.names.norm.empty())
        return {};
    Norm norm;
    INVOLUTE_RETURN_IF_ERROR(read_norm(row.names.norm, channels, &norm));
    if (weights_)
        fold_norm(norm, &weights->weight, &weights->bias);
    return {};
}

Status ParameterReader::read_generation(const Row &row, LayerWeights *weights) {
    const LayerSpec &layer = row.layer;
    const int64_t taps = layer.kernel.taps();
    const int64_t kernel_rows = taps * (layer.in_channels / layer.group_channels);
    if (layer.hidden != 0) {
        INVOLUTE_RETURN_IF_ERROR(read_tensor(row.names.reduce_weight,
                                             {layer.hidden, layer.in_channels, 1, 1},
                                             WeightRole::kConv, 0, &weights->reduce_weight));
        Norm norm;
        INVOLUTE_RETURN_IF_ERROR(read_norm(row.names.reduce_norm, layer.hidden, &norm));
        if (weights_)
            fold_norm(norm, &weights->reduce_weight, &weights->reduce_bias);
    }
    const int64_t width = layer.hidden != 0 ? layer.hidden : layer.in_channels;
    INVOLUTE_RETURN_IF_ERROR(read_tensor(row.names.weight, {kernel_rows, width, 1, 1},
                                         WeightRole::kGenerationWeight, taps, &weights->weight));
    return read_tensor(row.names.bias, {kernel_rows}, WeightRole::kGenerationBias, taps,
                       &weights->bias);
}

// The parameters count where the kernel generation itself reads them.
Status ParameterReader::read_part(const Row &row, LayerWeights *weights) {
    const int64_t counted = parameters_;
    LayerWeights all;
    INVOLUTE_RETURN_IF_ERROR(read_generation({*row.generation, row.names, {}, {}}, &all));
    parameters_ = counted;
    if (row.part == Part::kReduce) {
        weights->weight = std::move(all.reduce_weight);
        weights->bias = std::move(all.reduce_bias);
        return {};
    }
    const std::vector<float> &source =
        row.part == Part::kReduceTransposed ? all.reduce_weight : all.weight;
    const size_t outputs = static_cast<size_t>(row.layer.out_channels);
    const size_t inputs = static_cast<size_t>(row.layer.in_channels);
    weights->weight.resize(source.size());
    for (size_t o = 0; weights_ && o < outputs; ++o)
        for (size_t i = 0; i < inputs; ++i)
            weights->weight[o * inputs + i] = source[i * outputs + o];
    return {};
}

Status ParameterReader::read_scale_shift(const Row &row, LayerWeights *weights) {
    if (row.names.norm.empty())
        return {};
    Norm norm;
    INVOLUTE_RETURN_IF_ERROR(read_norm(row.names.norm, row.layer.out_channels, &norm));
    if (weights_)
        norm_as_scale_shift(norm, &weights->scale, &weights->shift);
    return {};
}

Status ParameterReader::read(const Row &row, LayerWeights *weights) {
    const LayerSpec &layer = row.layer;
    if (row.generation)
        return read_part(row, weights);
    const std::vector<int64_t> window = {layer.out_channels, layer.in_channels / layer.groups,
                                         layer.kernel.height, layer.kernel.width};
    switch (layer.op) {
    case Op::kConv2d:
        return read_product(row, window, weights);
    case Op::kLocal: {
        std::vector<int64_t> all = window;
        all.push_back(ceil_div(layer.height, layer.stride));
        all.push_back(ceil_div(layer.width, layer.stride));
        return read_product(row, all, weights);
    }
    case Op::kDense:
        return read_product(row, {layer.out_channels, layer.in_channels}, weights);
    case Op::kKernelGeneration:
        return read_generation(row, weights);
    case Op::kInvolution:
        INVOLUTE_RETURN_IF_ERROR(read_generation(row, weights));
        return read_scale_shift(row, weights);
    case Op::kAggregation:
        return read_scale_shift(row, weights);
    case Op::kMaxPool:
    case Op::kAvgPool:
    case Op::kGlobalPool:
    case Op::kAggregationGradInput:
    case Op::kSoftmax:
    case Op::kReluGrad:
    case Op::kAvgPoolGrad:
    case Op::kAggregationGradWeight:
        return {};
    }
    return Status::error(INVOLUTE_INTERNAL, "layer %s: unknown operator", layer.name.c_str());
}

} // namespace involute
