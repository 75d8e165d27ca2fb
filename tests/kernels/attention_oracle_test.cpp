// The oracle of local self-attention against the vectors from PyTorch, numbers worked out by hand,
// and float32 loops with an order of their own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "oracle/attention.h"
#include "oracle/softmax.h"
#include "tests/kernels/reference_case.h"

namespace involute::oracle {
namespace {

using Json = nlohmann::json;
using Values = std::vector<float>;

// A layer with memory of its own.
struct Layer {
    LocalAttention sizes;
    Values input, weights[3], biases[3];

    void connect() {
        sizes.input = input.data();
        Projection *const projections[] = {&sizes.query, &sizes.key, &sizes.value};
        for (size_t i = 0; i < 3; ++i) {
            projections[i]->weight = weights[i].data();
            projections[i]->bias = biases[i].empty() ? nullptr : biases[i].data();
        }
    }
};

// What a float32 program computes, term by term, largest score first and no fused operations.
Values float_loops(const LocalAttention &layer, float scale) {
    const int64_t plane = layer.height * layer.width, c = layer.channels;
    Values maps[3];
    const Projection *const projections[] = {&layer.query, &layer.key, &layer.value};
    for (int part = 0; part < 3; ++part)
        for (int64_t o = 0; o < c; ++o)
            for (int64_t p = 0; p < plane; ++p) {
                float sum = projections[part]->bias[o] * (part == 0 ? scale : 1.0f);
                for (int64_t i = 0; i < c; ++i)
                    sum += projections[part]->weight[o * c + i] * (part == 0 ? scale : 1.0f) *
                           layer.input[i * plane + p];
                maps[part].push_back(sum);
            }
    Values output;
    const int64_t k = layer.kernel, reach = layer.dilation * (k - 1) / 2;
    for (int64_t o = 0; o < c; ++o)
        for (int64_t p = 0; p < plane; ++p) {
            const int64_t first = o / layer.group_channels * layer.group_channels;
            Values scores, values;
            for (int64_t t = 0; t < k * k; ++t) {
                const int64_t y = p / layer.width - reach + t / k * layer.dilation;
                const int64_t x = p % layer.width - reach + t % k * layer.dilation;
                const bool inside = y >= 0 && x >= 0 && y < layer.height && x < layer.width;
                const int64_t other = inside ? y * layer.width + x : 0;
                float score = 0;
                for (int64_t i = first; inside && i < first + layer.group_channels; ++i)
                    score += maps[0][static_cast<size_t>(i * plane + p)] *
                             maps[1][static_cast<size_t>(i * plane + other)];
                scores.push_back(score);
                values.push_back(inside ? maps[2][static_cast<size_t>(o * plane + other)] : 0.0f);
            }
            const float most = *std::max_element(scores.begin(), scores.end());
            float all = 0, sum = 0;
            for (const float score : scores)
                all += std::exp(score - most);
            for (size_t t = 0; t < scores.size(); ++t)
                sum += std::exp(scores[t] - most) / all * values[t];
            output.push_back(sum);
        }
    return output;
}

} // namespace

TEST(AttentionOracle, AgreesWithPyTorch) {
    TensorFile file;
    const Status status = file.open(INVOLUTE_SOURCE_DIR "/tests/reference/attention.safetensors");
    ASSERT_TRUE(status.ok()) << status.message();
    const Json cases = Json::parse(file.metadata().at("cases"));
    EXPECT_EQ(cases.size(), 10u);
    for (const auto &[name, shape] : cases.items()) {
        SCOPED_TRACE(name);
        const ReferenceCase tensors(file, name);
        Layer layer;
        layer.sizes.batch = shape.at("batch"), layer.sizes.channels = shape.at("channels");
        layer.sizes.height = shape.at("height"), layer.sizes.width = shape.at("width");
        layer.sizes.kernel = shape.at("kernel"), layer.sizes.dilation = shape.at("dilation");
        layer.sizes.group_channels = shape.at("group_channels");
        layer.input = tensors.read("input");
        const char *const parts[] = {"query", "key", "value"};
        for (size_t i = 0; i < 3; ++i) {
            layer.weights[i] = tensors.read(std::string(parts[i]) + ".weight");
            if (shape.at("bias") == true)
                layer.biases[i] = tensors.read(std::string(parts[i]) + ".bias");
        }
        layer.connect();
        const AttentionResult result = local_attention(layer.sizes);
        expect_same(tensors.read("kernels"), result.kernels, "kernels");
        expect_same(tensors.read("output"), result.output, "output");
    }
}

// One pixel, K = 3: eight of the nine taps lie outside and have score 0. Four channels in one head,
// so the scale is 1/2: the score is (2*1 + 0 + 0 + 0) / 2 = 1.
TEST(AttentionOracle, TapsOutsideTakeTheirShare) {
    Layer layer;
    layer.sizes.channels = layer.sizes.group_channels = 4;
    layer.sizes.height = layer.sizes.width = 1, layer.sizes.kernel = 3;
    layer.input = {1, 0, 0, 0};
    for (Values &weight : layer.weights)
        weight.assign(16, 0.0f);
    layer.weights[0][0] = 2, layer.weights[1][0] = 1, layer.weights[2][0] = -5;
    layer.biases[2] = {0, 0, 0, 3};
    layer.connect();
    const AttentionResult result = local_attention(layer.sizes);
    const double e = std::exp(1.0), all = e + 8;
    ASSERT_EQ(result.kernels.value.size(), 9u);
    for (size_t t = 0; t < 9; ++t)
        EXPECT_NEAR(result.kernels.value[t], (t == 4 ? e : 1) / all, 1e-15);
    ASSERT_EQ(result.output.value.size(), 4u);
    EXPECT_NEAR(result.output.value[0], -5 * e / all, 1e-14);
    EXPECT_EQ(result.output.value[1], 0);
    EXPECT_NEAR(result.output.value[3], 3 * e / all, 1e-14);
    layer.sizes.relu = true;
    EXPECT_EQ(local_attention(layer.sizes).output.value[0], 0);
}

// Scores that pull apart as far as their errors let them move a weight by the bound, but for the
// roundings of the softmax itself.
TEST(AttentionOracle, ErrorsOfScoresGoThroughTheSoftmax) {
    Softmax sizes;
    sizes.taps = 2;
    const double errors[] = {0.5, 1e-3, 1e-6};
    for (const double error : errors) {
        Bounded scores(2);
        scores.value = {0.3, -0.4};
        scores.bound = {error, error};
        const Bounded weights = softmax(sizes, scores);
        const auto first = [](double a, double b) { return 1 / (1 + std::exp(b - a)); };
        EXPECT_NEAR(weights.value[0], first(0.3, -0.4), 1e-15);
        const double up = first(0.3 + error, -0.4 - error) - first(0.3, -0.4);
        const double down = first(0.3, -0.4) - first(0.3 - error, -0.4 + error);
        EXPECT_LE(std::fmax(up, down), weights.bound[0]);
        EXPECT_GE(std::fmax(up, down), weights.bound[0] - 3e-6);
    }
}

TEST(AttentionOracle, BoundsHoldForFloatLoops) {
    std::mt19937 engine(7);
    const auto fill = [&engine](Values *values, int64_t count, float limit) {
        for (int64_t i = 0; i < count; ++i)
            values->push_back((static_cast<float>(engine() >> 8) * 0x1p-23f - 1) * limit);
    };
    double nearest = 0;
    for (int turn = 0; turn < 60; ++turn) {
        Layer layer;
        layer.sizes.group_channels = 1 + turn % 7 * 3;
        layer.sizes.channels = layer.sizes.group_channels * (1 + turn % 2);
        layer.sizes.height = 1 + turn % 5, layer.sizes.width = 1 + turn % 4;
        layer.sizes.kernel = 1 + turn % 3 * 2, layer.sizes.dilation = 1 + turn % 2;
        const int64_t c = layer.sizes.channels;
        fill(&layer.input, c * layer.sizes.height * layer.sizes.width, 2);
        for (size_t i = 0; i < 3; ++i) {
            fill(&layer.weights[i], c * c, std::sqrt(3.0f / static_cast<float>(c)));
            fill(&layer.biases[i], c, 1);
        }
        layer.connect();
        const Bounded expected = local_attention(layer.sizes).output;
        const double scale = 1 / std::sqrt(static_cast<double>(layer.sizes.group_channels));
        const Values got = float_loops(layer.sizes, static_cast<float>(scale));
        ASSERT_EQ(got.size(), expected.value.size());
        for (size_t i = 0; i < got.size(); ++i) {
            const double error = std::fabs(static_cast<double>(got[i]) - expected.value[i]);
            EXPECT_LE(error, expected.bound[i]) << "turn " << turn << ", value " << i;
            nearest = std::max(nearest, error / expected.bound[i]);
        }
    }
    EXPECT_GT(nearest, 0.01); // no blank cheque
    std::printf("nearest to a bound: %.3f of it\n", nearest);
}

} // namespace involute::oracle
