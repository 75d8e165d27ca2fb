// Local self-attention through the library: values under the oracle's bound where tails, borders
// and windows are awkward, the same bits for any number of threads, and errors by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/isa.h"
#include "involute/involute.hpp"
#include "oracle/attention.h"

namespace involute {
namespace {

using Json = nlohmann::json;
using Values = std::vector<float>;

struct Shape {
    int64_t channels, group_channels, kernel, dilation, height, width, batch;
    bool relu = false, bias = true;

    cpp::OperatorOptions options() const {
        cpp::OperatorOptions all;
        all.op = cpp::Op::local_attention;
        all.channels = channels, all.group_channels = group_channels;
        all.kernel = kernel, all.dilation = dilation;
        all.relu = relu, all.bias = bias;
        return all;
    }
    std::vector<int64_t> map() const {
        return {batch, channels, height, width};
    }
    std::vector<int64_t> kernels() const {
        return {batch, channels / group_channels, kernel * kernel, height, width};
    }
};

Values filled(const char *name, int64_t count, double half_width) {
    Values values(static_cast<size_t>(count));
    involute_tensor view = involute_tensor_f32(values.data(), 1, &count);
    EXPECT_EQ(involute_tensor_fill(&view, name, 0, 0, half_width).code, INVOLUTE_OK);
    return values;
}

involute_named_tensor named(const char *name, Values *values, const std::vector<int64_t> &shape) {
    return {name,
            involute_tensor_f32(values->data(), static_cast<int32_t>(shape.size()), shape.data())};
}

// A layer with random parameters and input.
class Layer {
public:
    explicit Layer(const Shape &shape) : shape_(shape) {
        const int64_t c = shape.channels;
        input_ = filled("input", shape.batch * c * shape.height * shape.width, 2);
        oracle_.batch = shape.batch, oracle_.channels = c;
        oracle_.height = shape.height, oracle_.width = shape.width;
        oracle_.kernel = shape.kernel, oracle_.dilation = shape.dilation;
        oracle_.group_channels = shape.group_channels, oracle_.relu = shape.relu;
        oracle_.input = input_.data();
        oracle::Projection *const projections[] = {&oracle_.query, &oracle_.key, &oracle_.value};
        for (size_t i = 0; i < 3; ++i) {
            weights_[i] = filled(kNames[2 * i], c * c, std::sqrt(3.0 / static_cast<double>(c)));
            biases_[i] = filled(kNames[2 * i + 1], c, 0.5);
            projections[i]->weight = weights_[i].data();
            projections[i]->bias = shape.bias ? biases_[i].data() : nullptr;
        }
    }
    std::vector<involute_named_tensor> parameters() {
        const int64_t c = shape_.channels;
        std::vector<involute_named_tensor> all;
        for (size_t i = 0; i < 3; ++i) {
            all.push_back(named(kNames[2 * i], &weights_[i], {c, c, 1, 1}));
            if (shape_.bias)
                all.push_back(named(kNames[2 * i + 1], &biases_[i], {c}));
        }
        return all;
    }
    oracle::AttentionResult expected() const {
        return oracle::local_attention(oracle_);
    }
    // Both results; `kernels` may be null.
    Values run(int32_t threads, involute_isa isa, Values *kernels) {
        cpp::Weights weights;
        cpp::Model model;
        cpp::Session session;
        Values output(input_.size(), NAN), taps;
        taps.assign(kernels ? expected_kernels() : 0, NAN);
        EXPECT_TRUE(weights.create(parameters()));
        const auto created = model.create(shape_.options(), weights, isa);
        EXPECT_TRUE(created) << created.message();
        EXPECT_TRUE(session.create(model, shape_.batch, shape_.height, shape_.width, threads,
                                   kernels != nullptr));
        const involute_named_tensor in = named("input", &input_, shape_.map());
        const involute_named_tensor out = named("output", &output, shape_.map());
        const involute_named_tensor inner = named("kernels", &taps, shape_.kernels());
        const auto ran = kernels ? session.run({in}, {out, inner}) : session.run({in}, {out});
        EXPECT_TRUE(ran) << ran.message();
        if (kernels)
            *kernels = taps;
        return output;
    }
    Values &weight(size_t part) {
        return weights_[part];
    }
    Values &bias(size_t part) {
        return biases_[part];
    }

private:
    static constexpr const char *kNames[] = {"query.weight", "query.bias",   "key.weight",
                                             "key.bias",     "value.weight", "value.bias"};

    size_t expected_kernels() const {
        size_t count = 1;
        for (const int64_t side : shape_.kernels())
            count *= static_cast<size_t>(side);
        return count;
    }

    Shape shape_;
    Values input_, weights_[3], biases_[3];
    oracle::LocalAttention oracle_;
};

void expect_within(const oracle::Bounded &expected, const Values &got, const std::string &what) {
    ASSERT_EQ(got.size(), expected.value.size()) << what;
    double largest = 0, widest = 0;
    for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_LE(std::fabs(static_cast<double>(got[i]) - expected.value[i]), expected.bound[i])
            << what << ", value " << i;
        largest = std::max(largest, std::fabs(expected.value[i]));
        widest = std::max(widest, expected.bound[i]);
    }
    EXPECT_LT(widest, 1e-3 * largest) << what; // no blank cheque
}

// channels, head, K, dilation, height, width, batch, ReLU, biases
const Shape kShapes[] = {
    {64, 16, 7, 1, 14, 14, 1},      {32, 16, 3, 1, 13, 17, 2},
    {48, 16, 7, 1, 3, 2, 1},        {16, 16, 7, 1, 1, 1, 3},
    {33, 11, 3, 1, 5, 7, 1},        {5, 1, 3, 1, 4, 9, 1},
    {64, 64, 5, 1, 9, 13, 1, true}, {20, 4, 9, 1, 6, 33, 1},
    {32, 16, 3, 4, 7, 6, 1},        {96, 32, 7, 2, 8, 8, 2, false, false},
    {1, 1, 1, 1, 1, 1, 1},          {7, 7, 13, 3, 2, 19, 1, true, false},
};

std::string text_of(const Shape &shape) {
    return shape.options().json() + " " + std::to_string(shape.height) + "x" +
           std::to_string(shape.width);
}

bool same_bits(const Values &a, const Values &b) {
    return a.size() == b.size() && !a.empty() &&
           std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

involute_status error_of(const std::string &json, const std::vector<involute_named_tensor> &given) {
    involute_weights *weights = nullptr;
    EXPECT_EQ(involute_weights_create(given.data(), given.size(), &weights).code, INVOLUTE_OK);
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = json.c_str();
    options.weights = weights;
    involute_model *model = nullptr;
    const involute_status status = involute_model_create(&options, &model);
    involute_model_destroy(model);
    involute_weights_destroy(weights);
    return status;
}

} // namespace

TEST(LocalAttention, StaysWithinTheBound) {
    for (const involute_isa isa : kAllIsas) {
        if (involute_isa_check(isa).code != INVOLUTE_OK)
            continue;
        for (const Shape &shape : kShapes) {
            Layer layer(shape);
            Values kernels;
            const Values output = layer.run(2, isa, &kernels);
            const oracle::AttentionResult expected = layer.expected();
            const std::string what = text_of(shape) + " " + involute_isa_name(isa);
            expect_within(expected.output, output, what);
            expect_within(expected.kernels, kernels, what + " kernels");
        }
    }
}

TEST(LocalAttention, BitsDependOnNeitherThreadsNorVectorsNorWhatIsAskedFor) {
    const bool wide = involute_isa_check(INVOLUTE_ISA_AVX512).code == INVOLUTE_OK;
    const bool fused = involute_isa_check(INVOLUTE_ISA_AVX2).code == INVOLUTE_OK;
    for (const Shape &shape : kShapes) {
        Layer layer(shape);
        const Values first = layer.run(1, INVOLUTE_ISA_AUTO, nullptr);
        Values kernels;
        EXPECT_TRUE(same_bits(first, layer.run(1, INVOLUTE_ISA_AUTO, &kernels))) << text_of(shape);
        for (const int32_t threads : {2, 3, 7}) {
            Values others;
            EXPECT_TRUE(same_bits(first, layer.run(threads, INVOLUTE_ISA_AUTO, &others)))
                << threads << " threads, " << text_of(shape);
            EXPECT_TRUE(same_bits(kernels, others)) << threads << " threads, " << text_of(shape);
        }
        if (wide && fused) {
            EXPECT_TRUE(same_bits(first, layer.run(1, INVOLUTE_ISA_AVX2, nullptr)))
                << text_of(shape);
        }
    }
}

// Queries of zero look everywhere alike: the mean of the window, in which the border counts.
TEST(LocalAttention, WithoutQueriesItIsTheMean) {
    Layer layer({16, 8, 3, 1, 2, 2, 1});
    std::fill(layer.weight(0).begin(), layer.weight(0).end(), 0.0f);
    std::fill(layer.bias(0).begin(), layer.bias(0).end(), 0.0f);
    std::fill(layer.weight(2).begin(), layer.weight(2).end(), 0.0f);
    for (size_t c = 0; c < 16; ++c)
        layer.bias(2)[c] = static_cast<float>(c);
    Values kernels;
    const Values output = layer.run(1, INVOLUTE_ISA_AUTO, &kernels);
    for (const float weight : kernels)
        EXPECT_NEAR(weight, 1.0 / 9, 1e-7);
    for (size_t i = 0; i < output.size(); ++i) // every pixel of 2x2 sees all four
        EXPECT_NEAR(output[i], static_cast<double>(i / 4) * 4 / 9, 1e-5);
}

TEST(LocalAttention, SaysWhatItIs) {
    Layer layer({32, 16, 3, 1, 5, 6, 1});
    cpp::Weights weights;
    cpp::Model model;
    cpp::Session session;
    ASSERT_TRUE(weights.create(layer.parameters()));
    ASSERT_TRUE(model.create(Shape{32, 16, 3, 1, 5, 6, 1}.options(), weights));
    const Json told = Json::parse(model.json());
    EXPECT_EQ(told.at("kind"), "local_attention");
    EXPECT_EQ(told.at("parameters"), 3 * (32 * 32 + 32));
    EXPECT_EQ(told.at("inputs"), Json({"input"}));
    EXPECT_EQ(told.at("outputs"), Json({"output", "kernels"}));
    ASSERT_TRUE(session.create(model, 1, 5, 6, 1));
    const Json planned = Json::parse(session.json());
    int64_t macs = 0;
    for (const Json &row : planned.at("layers"))
        macs += row.at("macs").get<int64_t>();
    EXPECT_EQ(macs, 30 * (3 * 32 * 32 + 2 * 32 * 9));
}

TEST(LocalAttention, WhatIsWrongIsNamed) {
    Layer layer({32, 16, 3, 1, 5, 6, 1});
    const std::string right = R"({"kind":"local_attention","channels":32,"kernel":3})";
    const std::vector<involute_named_tensor> all = layer.parameters();
    EXPECT_EQ(error_of(right, all).code, INVOLUTE_OK);
    for (size_t missing = 0; missing < all.size(); ++missing) {
        std::vector<involute_named_tensor> given = all;
        given.erase(given.begin() + static_cast<std::ptrdiff_t>(missing));
        const involute_status status = error_of(right, given);
        EXPECT_EQ(status.code, INVOLUTE_INVALID_FILE);
        EXPECT_NE(std::string(status.message).find(all[missing].name), std::string::npos)
            << status.message;
    }
    std::vector<involute_named_tensor> given = all;
    given[4] = named("value.weight", &layer.weight(2), {16, 64, 1, 1});
    const std::string shape = error_of(right, given).message;
    EXPECT_NE(shape.find("value.weight"), std::string::npos) << shape;
    EXPECT_NE(shape.find("[32,32,1,1]"), std::string::npos) << shape;
    EXPECT_NE(shape.find("[16,64,1,1]"), std::string::npos) << shape;
    const struct {
        const char *json, *said;
    } broken[] = {
        {R"({"kind":"local_attention","channels":32,"kernel":4})", "kernel must be an odd integer"},
        {R"({"kind":"local_attention","channels":32,"kernel":[1,3]})", "kernel must be an odd"},
        {R"({"kind":"local_attention","channels":32,"group_channels":12})",
         "channels must be a multiple of group_channels = 12, found 32"},
        {R"({"kind":"local_attention","channels":32,"group_channels":0})", "group_channels"},
        {R"({"kind":"local_attention","channels":32,"stride":2})", "unknown key \"stride\""},
        {R"({"kind":"local_attention","channels":32,"scale":1})", "unknown key \"scale\""},
    };
    for (const auto &one : broken) {
        const involute_status status = error_of(one.json, all);
        EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT) << one.json;
        EXPECT_NE(std::string(status.message).find(one.said), std::string::npos) << status.message;
    }
    involute_model *model = nullptr;
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = right.c_str();
    const involute_status none = involute_model_create(&options, &model);
    EXPECT_EQ(none.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_STREQ(none.message, "weights: expected a source of 3168 parameters, found none");
}

} // namespace involute
