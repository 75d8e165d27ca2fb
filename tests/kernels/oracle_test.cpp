// The oracle against the stored reference vectors, small sums done by hand, and float32 loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "oracle/aggregation_gradients.h"
#include "oracle/conv2d.h"
#include "oracle/dense.h"
#include "oracle/involution.h"
#include "oracle/pools.h"
#include "tests/kernels/reference_case.h"

namespace involute::oracle {
namespace {

using Json = nlohmann::json;

template <class Layer>
Layer sized(const Json &shape, const std::vector<float> &input) {
    Layer layer;
    layer.batch = shape.at("batch"), layer.channels = shape.at("channels");
    layer.height = shape.at("height"), layer.width = shape.at("width");
    layer.kernel = shape.at("kernel").get<int64_t>(), layer.stride = shape.at("stride");
    layer.group_channels = shape.at("group_channels");
    layer.input = input.data();
    return layer;
}

void check_case(const ReferenceCase &tensors, const Json &shape) {
    const std::vector<float> input = tensors.read("input");
    const std::vector<float> weight = tensors.read("conv2.conv.weight");
    const std::vector<float> bias = tensors.read("conv2.conv.bias");
    auto generation = sized<KernelGeneration>(shape, input);
    generation.weight = weight.data(), generation.bias = bias.data();
    std::vector<float> reduce, norm_weight, norm_bias, norm_mean, norm_variance;
    BatchNorm norm{};
    if (shape.at("reduction") != 0) {
        reduce = tensors.read("conv1.conv.weight");
        norm_weight = tensors.read("conv1.bn.weight");
        norm_bias = tensors.read("conv1.bn.bias");
        norm_mean = tensors.read("conv1.bn.running_mean");
        norm_variance = tensors.read("conv1.bn.running_var");
        norm = {norm_weight.data(), norm_bias.data(), norm_mean.data(), norm_variance.data()};
        generation.hidden = static_cast<int64_t>(norm_bias.size());
        generation.reduce_weight = reduce.data();
        generation.norm = &norm;
    }
    auto layer = sized<Aggregation>(shape, input);
    layer.dilation = shape.at("dilation");

    const std::vector<float> kernels = tensors.read("kernels");
    expect_same(kernels, kernel_generation(generation), "kernels");
    expect_same(tensors.read("output"),
                aggregation(layer, exact(kernels.data(), static_cast<int64_t>(kernels.size()))),
                "output");
    expect_same(tensors.read("layer_output"), involution(generation, layer), "layer_output");

    auto gradient = sized<AggregationGradient>(shape, input);
    const std::vector<float> grad_output = tensors.read("grad_output");
    gradient.dilation = shape.at("dilation");
    gradient.kernels = kernels.data(), gradient.grad_output = grad_output.data();
    expect_same(tensors.read("grad_input"), aggregation_grad_input(gradient), "grad_input");
    expect_same(tensors.read("grad_kernels"), aggregation_grad_weight(gradient), "grad_kernels");
}

} // namespace

TEST(Oracle, AgreesWithTheReferenceLayers) {
    TensorFile file;
    const Status status = file.open(INVOLUTE_SOURCE_DIR "/tests/reference/layers.safetensors");
    ASSERT_TRUE(status.ok()) << status.message();
    const Json cases = Json::parse(file.metadata().at("cases"));
    EXPECT_EQ(cases.size(), 34u);
    for (const auto &[name, shape] : cases.items()) {
        SCOPED_TRACE(name);
        check_case(ReferenceCase(file, name), shape);
    }
}

TEST(Oracle, Conv2dCountsNeighbours) {
    const std::vector<float> ones(9, 1), residual(9, -5);
    const float bias = 0.5f;
    Conv2d layer;
    layer.in_channels = layer.out_channels = 1, layer.height = layer.width = 3, layer.kernel = 3;
    layer.input = layer.weight = ones.data(), layer.bias = &bias;
    EXPECT_EQ(conv2d(layer).value,
              (std::vector<double>{4.5, 6.5, 4.5, 6.5, 9.5, 6.5, 4.5, 6.5, 4.5}));
    layer.stride = 2;
    EXPECT_EQ(conv2d(layer).value, (std::vector<double>{4.5, 4.5, 4.5, 4.5}));
    layer.stride = 1, layer.residual = residual.data(), layer.relu = true;
    EXPECT_EQ(conv2d(layer).value, (std::vector<double>{0, 1.5, 0, 1.5, 4.5, 1.5, 0, 1.5, 0}));
    layer.residual = nullptr, layer.dilation = 2; // taps two cells apart: the four corners, ...
    EXPECT_EQ(conv2d(layer).value,
              (std::vector<double>{4.5, 2.5, 4.5, 2.5, 1.5, 2.5, 4.5, 2.5, 4.5}));
}

TEST(Oracle, DenseIsAProduct) {
    const float input[] = {1, 2, 3, 4}, weight[] = {1, 10, 100, 1000, -1, 1}, bias[] = {0, 0, 7};
    EXPECT_EQ(dense({2, 2, 3, input, weight, bias}).value,
              (std::vector<double>{21, 2100, 8, 43, 4300, 8}));
}

TEST(Oracle, PoolsTakeWhatAWindowHolds) {
    const float input[] = {-1, -2, -3, -4, -5, -6};
    Pool pool;
    pool.channels = 1, pool.height = 2, pool.width = 3, pool.stride = 2, pool.kernel = 2;
    pool.input = input;
    EXPECT_EQ(avg_pool(pool).value, (std::vector<double>{-3, -4.5}));
    EXPECT_EQ(global_pool(pool).value, (std::vector<double>{-3.5}));
    pool.kernel = 3; // the border of the maximum is no zero
    EXPECT_EQ(max_pool(pool).value, (std::vector<double>{-1, -2}));
    EXPECT_EQ(max_pool(pool).bound, (std::vector<double>{0, 0}));
    const float with_nan[] = {-1, NAN, -3, -4, -5, -6};
    pool.input = with_nan;
    for (double value : max_pool(pool).value)
        EXPECT_TRUE(std::isnan(value));
}

// Loops in float32 with an order of their own stay within the bound, and come near enough to it
// that it is no blank cheque.
TEST(Oracle, BoundsHoldForFloatLoops) {
    double nearest = 0;
    for (int seed = 1; seed <= 200; ++seed) {
        constexpr int64_t kDepth = 40;
        std::vector<float> input(kDepth), weight(kDepth);
        uint32_t state = static_cast<uint32_t>(seed);
        for (std::vector<float> *values : {&input, &weight})
            for (float &value : *values) {
                state = state * 1664525u + 1013904223u;
                value = static_cast<float>(state >> 8) * 0x1p-23f - 1;
            }
        float sum = 0.25f;
        const float bias = sum;
        for (size_t i = 0; i < kDepth; ++i)
            sum += weight[i] * input[i];
        const Bounded result = dense({1, kDepth, 1, input.data(), weight.data(), &bias});
        const double error = std::fabs(static_cast<double>(sum) - result.value[0]);
        EXPECT_LE(error, result.bound[0]);
        nearest = std::max(nearest, error / result.bound[0]);
    }
    EXPECT_GT(nearest, 0.01);
}

TEST(Oracle, ChainedErrorsArePassedOn) {
    // 2 +- 0.5 times 3 is 6 +- 1.5.
    Sum sum(0);
    sum.add(2, 3, 0.5);
    EXPECT_EQ(sum.value(), 6);
    EXPECT_NEAR(sum.bound(), 1.5, 1e-5);
    double value = -1, bound = 0.5; // stays negative: zero without doubt
    apply_relu(&value, &bound);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(bound, 0);
    value = -1, bound = 1.5; // may have been 0.5
    apply_relu(&value, &bound);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(bound, 0.5);
    value = -std::numeric_limits<double>::infinity(), bound = NAN;
    apply_relu(&value, &bound);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(bound, 0);
    value = NAN;
    apply_relu(&value, &bound);
    EXPECT_TRUE(std::isnan(value));
}

} // namespace involute::oracle
