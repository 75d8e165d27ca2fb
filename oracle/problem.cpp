#include "oracle/problem.h"

#include <cmath>
#include <stdexcept>

#include "oracle/aggregation_gradients.h"
#include "oracle/attention.h"
#include "oracle/conv2d.h"
#include "oracle/dense.h"
#include "oracle/involution.h"
#include "oracle/pools.h"
#include "oracle/softmax.h"

namespace involute::oracle {

namespace {

using Json = nlohmann::json;

// Half the width of values whose sums of `fan_in` products have variance 1.
double spread(int64_t fan_in) {
    return std::sqrt(3.0 / static_cast<double>(fan_in));
}

// The settings of a description, and the problem that is made of them.
class Maker {
public:
    Maker(const Json &description, int64_t batch, int64_t height, int64_t width, Random *random)
        : description_(description), batch_(batch), height_(height), width_(width),
          random_(random) {}

    Problem make() {
        problem_.output = "output";
        const std::string kind = description_.at("kind");
        if (kind == "conv2d" || kind == "local")
            convolution(kind == "local");
        else if (kind == "involution" || kind == "kernel_generation")
            generation(kind == "involution");
        else if (kind == "aggregation")
            aggregation();
        else if (kind == "aggregation_grad_input" || kind == "aggregation_grad_weight")
            gradient(kind == "aggregation_grad_input");
        else if (kind == "local_attention")
            attention();
        else if (kind == "softmax")
            softmax();
        else if (kind == "dense")
            dense();
        else if (kind == "max_pool" || kind == "avg_pool" || kind == "global_pool")
            pool(kind);
        else
            throw std::invalid_argument("no oracle for " + kind);
        return std::move(problem_);
    }

private:
    int64_t setting(const char *key, int64_t usual) const {
        return description_.value(key, usual);
    }
    bool is_set(const char *key) const {
        return description_.value(key, false);
    }
    int64_t channels() const {
        return setting("channels", 0);
    }
    int64_t stride() const {
        return setting("stride", 1);
    }
    int64_t group() const {
        return setting("group_channels", 16);
    }
    Window kernel() const {
        const auto size = description_.find("kernel");
        if (size == description_.end())
            return Window(1);
        return size->is_array() ? Window((*size)[0].get<int64_t>(), (*size)[1].get<int64_t>())
                                : Window(size->get<int64_t>());
    }
    int64_t out_height() const {
        return strided(height_ * setting("upsample", 1), stride());
    }
    int64_t out_width() const {
        return strided(width_ * setting("upsample", 1), stride());
    }
    int64_t kernel_rows() const {
        return kernel().taps() * (channels() / group());
    }
    Shape kernels_shape() const {
        return {batch_, channels() / group(), kernel().taps(), out_height(), out_width()};
    }
    int64_t kernels_count() const {
        return batch_ * kernel_rows() * out_height() * out_width();
    }

    const float *input(const char *name, const Shape &shape, double limit) {
        return problem_.inputs.add(name, shape, random_, -limit, limit);
    }
    const float *picture() {
        return input("input", {batch_, channels(), height_, width_}, 2);
    }
    const float *weight(const char *name, const Shape &shape, double low, double high) {
        return problem_.weights.add(name, shape, random_, low, high);
    }

    void convolution(bool local) {
        Conv2d layer;
        layer.batch = batch_, layer.in_channels = channels();
        layer.out_channels = setting("out_channels", channels());
        layer.height = height_, layer.width = width_, layer.kernel = kernel();
        layer.stride = stride(), layer.dilation = setting("dilation", 1);
        layer.groups = setting("groups", 1), layer.relu = is_set("relu"), layer.local = local;
        layer.input = picture();
        const int64_t depth = channels() / layer.groups;
        const double limit = spread(depth * layer.kernel.taps());
        Shape shape = {layer.out_channels, depth, layer.kernel.height, layer.kernel.width};
        Shape bias = {layer.out_channels};
        if (local)
            for (Shape *of : {&shape, &bias})
                of->insert(of->end(), {out_height(), out_width()});
        layer.weight = weight("weight", shape, -limit, limit);
        layer.bias = weight("bias", bias, -1, 1);
        if (is_set("residual"))
            layer.residual =
                input("residual", {batch_, layer.out_channels, out_height(), out_width()}, 1);
        problem_.expected = conv2d(layer);
    }

    Aggregation summation(const float *picture) const {
        Aggregation layer;
        layer.batch = batch_, layer.channels = channels();
        layer.height = height_, layer.width = width_, layer.kernel = kernel();
        layer.stride = stride(), layer.dilation = setting("dilation", 1);
        layer.upsample = setting("upsample", 1), layer.group_channels = group();
        layer.clamp = description_.value("border", "zero") == "clamp";
        layer.relu = is_set("relu"), layer.input = picture;
        return layer;
    }

    void generation(bool whole) {
        KernelGeneration layer;
        layer.batch = batch_, layer.channels = channels();
        layer.height = height_, layer.width = width_, layer.kernel = kernel();
        layer.stride = stride(), layer.group_channels = group();
        const int64_t reduction = setting("reduction", 4);
        layer.hidden = reduction == 0 ? 0 : channels() / reduction;
        layer.input = picture();
        BatchNorm norm = {};
        const Shape hidden = {layer.hidden};
        if (layer.hidden > 0) {
            const double limit = spread(channels());
            layer.reduce_weight =
                weight("conv1.conv.weight", {layer.hidden, channels(), 1, 1}, -limit, limit);
            norm.weight = weight("conv1.bn.weight", hidden, 0.5, 1.5);
            norm.bias = weight("conv1.bn.bias", hidden, -0.25, 0.25);
            norm.mean = weight("conv1.bn.running_mean", hidden, -0.25, 0.25);
            norm.variance = weight("conv1.bn.running_var", hidden, 0.5, 1.5);
            layer.norm = &norm;
        }
        const int64_t depth = layer.hidden > 0 ? layer.hidden : channels();
        const double limit = spread(depth * layer.kernel.taps());
        layer.weight = weight("conv2.conv.weight", {kernel_rows(), depth, 1, 1}, -limit, limit);
        layer.bias = weight("conv2.conv.bias", {kernel_rows()}, -0.1, 0.1);
        if (!whole)
            problem_.output = "kernels";
        problem_.expected =
            whole ? involution(layer, summation(layer.input)) : kernel_generation(layer);
    }

    void aggregation() {
        const float *values = picture();
        const float *kernels = input("kernels", kernels_shape(), spread(kernel().taps()));
        problem_.expected = oracle::aggregation(summation(values), exact(kernels, kernels_count()));
    }

    void gradient(bool of_input) {
        AggregationGradient layer;
        layer.batch = batch_, layer.channels = channels();
        layer.height = height_, layer.width = width_, layer.kernel = kernel().width;
        layer.stride = stride(), layer.dilation = setting("dilation", 1);
        layer.group_channels = group();
        layer.grad_output =
            input("grad_output", {batch_, channels(), out_height(), out_width()}, 1);
        if (of_input)
            layer.kernels = input("kernels", kernels_shape(), spread(kernel().taps()));
        else
            layer.input = picture();
        problem_.output = of_input ? "grad_input" : "grad_kernels";
        problem_.expected =
            of_input ? aggregation_grad_input(layer) : aggregation_grad_weight(layer);
    }

    void attention() {
        LocalAttention layer;
        layer.batch = batch_, layer.channels = channels();
        layer.height = height_, layer.width = width_;
        layer.kernel = kernel().width, layer.dilation = setting("dilation", 1);
        layer.group_channels = group(), layer.relu = is_set("relu");
        layer.input = picture();
        const double limit = spread(channels());
        const std::pair<const char *, Projection *> projections[] = {
            {"query", &layer.query}, {"key", &layer.key}, {"value", &layer.value}};
        for (const auto &[name, projection] : projections) {
            const std::string prefix = name;
            projection->weight =
                weight((prefix + ".weight").c_str(), {channels(), channels(), 1, 1}, -limit, limit);
            if (is_set("bias"))
                projection->bias = weight((prefix + ".bias").c_str(), {channels()}, -0.1, 0.1);
        }
        problem_.expected = local_attention(layer).output;
    }

    void softmax() {
        Softmax layer;
        layer.batch = batch_, layer.groups = channels() / group(), layer.taps = kernel().taps();
        layer.height = height_, layer.width = width_;
        layer.input = input("kernels", kernels_shape(), 4);
        problem_.expected = oracle::softmax(layer);
    }

    void dense() {
        Dense layer;
        layer.batch = batch_, layer.in_channels = channels();
        layer.out_channels = setting("out_channels", channels());
        const double limit = spread(channels());
        layer.input = input("input", {batch_, channels()}, 2);
        layer.weight = weight("weight", {layer.out_channels, channels()}, -limit, limit);
        layer.bias = weight("bias", {layer.out_channels}, -0.125, 0.125);
        problem_.expected = oracle::dense(layer);
    }

    void pool(const std::string &kind) {
        Pool layer;
        layer.batch = batch_, layer.channels = channels();
        layer.height = height_, layer.width = width_;
        layer.kernel = kernel().width, layer.stride = stride();
        layer.input = picture();
        problem_.expected = kind == "max_pool"   ? max_pool(layer)
                            : kind == "avg_pool" ? avg_pool(layer)
                                                 : global_pool(layer);
    }

    const Json &description_;
    int64_t batch_, height_, width_;
    Random *random_;
    Problem problem_;
};

} // namespace

const float *Tensors::add(const std::string &name, const Shape &shape, Random *random, double low,
                          double high) {
    int64_t count = 1;
    for (int64_t extent : shape)
        count *= extent;
    auto tensor = std::make_unique<Tensor>();
    tensor->name = name, tensor->shape = shape;
    tensor->values.resize(static_cast<size_t>(count));
    for (float &value : tensor->values)
        value = random->value(low, high);
    all_.push_back(std::move(tensor));
    return all_.back()->values.data();
}

Problem make_problem(const Json &description, int64_t batch, int64_t height, int64_t width,
                     Random *random) {
    return Maker(description, batch, height, width, random).make();
}

} // namespace involute::oracle
