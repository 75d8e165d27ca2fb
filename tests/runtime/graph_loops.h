// Runs a graph as plain loops in double: slow, and blind to kernels, so that a wrong wire, name or
// fold shows up here and not as a wrong kernel. Dense NCHW values.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/graph.h"

namespace involute {

struct Map {
    int64_t channels = 0, height = 1, width = 1;
    std::vector<double> values;

    Map() = default;
    Map(int64_t c, int64_t h, int64_t w)
        : channels(c), height(h), width(w), values(static_cast<size_t>(c * h * w)) {}
    double &at(int64_t c, int64_t y, int64_t x) {
        return values[static_cast<size_t>((c * height + y) * width + x)];
    }
    double padded(int64_t c, int64_t y, int64_t x, double outside = 0) const {
        return y < 0 || x < 0 || y >= height || x >= width
                   ? outside
                   : values[static_cast<size_t>((c * height + y) * width + x)];
    }
};

inline double value_or(const std::vector<float> &values, int64_t i, double other) {
    return values.empty() ? other : static_cast<double>(values[static_cast<size_t>(i)]);
}

// rows x columns times the channels of one pixel each.
inline Map product(const Map &in, const std::vector<float> &weight, const std::vector<float> &bias,
                   int64_t rows, bool relu) {
    Map out(rows, in.height, in.width);
    for (int64_t o = 0; o < rows; ++o)
        for (int64_t y = 0; y < in.height; ++y)
            for (int64_t x = 0; x < in.width; ++x) {
                double sum = value_or(bias, o, 0);
                for (int64_t c = 0; c < in.channels; ++c)
                    sum += value_or(weight, o * in.channels + c, 0) * in.padded(c, y, x);
                out.at(o, y, x) = relu ? std::max(sum, 0.0) : sum;
            }
    return out;
}

inline Map pooled(const Map &in, int64_t kernel, int64_t stride, int64_t pad, bool maximum) {
    Map out(in.channels, (in.height - 1) / stride + 1, (in.width - 1) / stride + 1);
    for (int64_t c = 0; c < out.channels; ++c)
        for (int64_t y = 0; y < out.height; ++y)
            for (int64_t x = 0; x < out.width; ++x) {
                double sum = 0, most = -1e300;
                int64_t count = 0;
                for (int64_t i = y * stride - pad; i < y * stride - pad + kernel; ++i)
                    for (int64_t j = x * stride - pad; j < x * stride - pad + kernel; ++j)
                        if (i >= 0 && j >= 0 && i < in.height && j < in.width) {
                            sum += in.padded(c, i, j);
                            most = std::max(most, in.padded(c, i, j));
                            ++count;
                        }
                out.at(c, y, x) = maximum ? most : sum / static_cast<double>(count);
            }
    return out;
}

inline Map generated(const LayerSpec &layer, const LayerWeights &w, const Map &in) {
    Map x = layer.stride > 1 ? pooled(in, layer.stride, layer.stride, 0, false) : in;
    if (layer.hidden != 0)
        x = product(x, w.reduce_weight, w.reduce_bias, layer.hidden, true);
    const int64_t groups = layer.in_channels / layer.group_channels;
    return product(x, w.weight, w.bias, layer.kernel.taps() * groups, false);
}

inline Map windowed(const LayerSpec &layer, const LayerWeights &w, const Map &in, Map *kernels,
                    const Map *residual) {
    const int64_t k = layer.kernel.width, s = layer.stride, d = layer.dilation,
                  pad = d * (k - 1) / 2;
    Map out(layer.out_channels, (in.height - 1) / s + 1, (in.width - 1) / s + 1);
    for (int64_t o = 0; o < out.channels; ++o)
        for (int64_t y = 0; y < out.height; ++y)
            for (int64_t x = 0; x < out.width; ++x) {
                double sum = kernels ? 0 : value_or(w.bias, o, 0);
                for (int64_t t = 0; t < k * k; ++t) {
                    const int64_t i = y * s - pad + t / k * d, j = x * s - pad + t % k * d;
                    if (kernels)
                        sum += in.padded(o, i, j) *
                               kernels->at(o / layer.group_channels * k * k + t, y, x);
                    else
                        for (int64_t c = 0; c < in.channels; ++c)
                            sum += in.padded(c, i, j) *
                                   value_or(w.weight, (o * in.channels + c) * k * k + t, 0);
                }
                sum = sum * value_or(w.scale, o, 1) + value_or(w.shift, o, 0);
                sum += residual ? residual->padded(o, y, x) : 0;
                out.at(o, y, x) = layer.relu ? std::max(sum, 0.0) : sum;
            }
    return out;
}

// For every tap the product of a group's channels in `in`, beyond the border 0, and in `grad`.
inline Map kernels_gradient(const LayerSpec &layer, const Map &in, const Map &grad) {
    const int64_t k = layer.kernel.width, s = layer.stride, d = layer.dilation,
                  pad = d * (k - 1) / 2;
    Map out(layer.out_channels, grad.height, grad.width);
    for (int64_t o = 0; o < out.channels; ++o)
        for (int64_t y = 0; y < out.height; ++y)
            for (int64_t x = 0; x < out.width; ++x)
                for (int64_t ci = 0; ci < layer.group_channels; ++ci) {
                    const int64_t c = o / (k * k) * layer.group_channels + ci, t = o % (k * k);
                    out.at(o, y, x) +=
                        in.padded(c, y * s - pad + t / k * d, x * s - pad + t % k * d) *
                        grad.padded(c, y, x);
                }
    return out;
}

// Over each `taps` channels.
inline Map softmax(const Map &in, int64_t taps) {
    Map out(in.channels, in.height, in.width);
    for (int64_t o = 0; o < out.channels; ++o)
        for (int64_t y = 0; y < out.height; ++y)
            for (int64_t x = 0; x < out.width; ++x) {
                double sum = 0; // over the power of the tap itself
                for (int64_t t = o / taps * taps; t < (o / taps + 1) * taps; ++t)
                    sum += std::exp(in.padded(t, y, x) - in.padded(o, y, x));
                out.at(o, y, x) = 1 / sum;
            }
    return out;
}

inline std::map<int, Map> run_graph(const Graph &graph, const std::vector<LayerWeights> &weights,
                                    std::map<int, Map> maps) {
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        const LayerWeights &w = weights[i];
        const Map &in = maps.at(layer.input);
        const Map *residual = layer.residual < 0 ? nullptr : &maps.at(layer.residual);
        Map out;
        if (layer.op == Op::kConv2d) {
            out = windowed(layer, w, in, nullptr, residual);
        } else if (layer.op == Op::kDense) {
            out = product(in, w.weight, w.bias, layer.out_channels, false);
        } else if (layer.op == Op::kMaxPool) {
            out = pooled(in, layer.kernel.width, layer.stride, (layer.kernel.width - 1) / 2, true);
        } else if (layer.op == Op::kAvgPool) {
            out = pooled(in, layer.kernel.width, layer.stride, 0, false);
        } else if (layer.op == Op::kGlobalPool) {
            out = Map(in.channels, 1, 1);
            for (int64_t c = 0; c < in.channels; ++c)
                for (int64_t p = 0; p < in.height * in.width; ++p)
                    out.values[static_cast<size_t>(c)] += in.padded(c, p / in.width, p % in.width) /
                                                          static_cast<double>(in.height * in.width);
        } else if (layer.op == Op::kAggregationGradWeight) {
            out = kernels_gradient(layer, in, maps.at(layer.grad));
        } else if (layer.op == Op::kSoftmax) {
            out = softmax(in, layer.kernel.taps());
        } else if (layer.op == Op::kAggregation) {
            out = windowed(layer, w, in, &maps.at(layer.kernels), nullptr);
        } else {
            out = generated(layer, w, in);
            if (layer.op == Op::kInvolution)
                out = windowed(layer, w, in, &out, nullptr);
        }
        maps[layer.output] = std::move(out);
    }
    return maps;
}

} // namespace involute
