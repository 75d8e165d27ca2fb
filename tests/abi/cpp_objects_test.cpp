// The parts of the C++ header above the plain owners: typed options and the JSON they become,
// operators, networks, pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "involute/involute.hpp"

namespace {

using involute::cpp::Architecture;
using involute::cpp::Model;
using involute::cpp::name_of;
using involute::cpp::Network;
using involute::cpp::Op;
using involute::cpp::Operator;
using involute::cpp::OperatorOptions;
using involute::cpp::Picture;
using involute::cpp::view;
using involute::cpp::Weights;
using nlohmann::json;

Weights synthetic() {
    Weights weights;
    EXPECT_TRUE(weights.synthetic(0));
    return weights;
}

TEST(CppOptions, OnlyWhatIsSetIsWritten) {
    OperatorOptions options;
    options.channels = 64;
    EXPECT_EQ(options.json(), R"({"kind":"involution","channels":64})");
    options.op = Op::conv2d;
    options.out_channels = 128, options.kernel = 3, options.stride = 2;
    options.relu = true, options.bias = false;
    EXPECT_EQ(options.json(), R"({"kind":"conv2d","channels":64,"out_channels":128,"kernel":3,)"
                              R"("stride":2,"relu":true,"bias":false})");
}

TEST(CppOptions, EveryOperatorIsKnownToTheLibrary) {
    const Weights weights = synthetic();
    for (int op = 0; op <= static_cast<int>(Op::local_attention); ++op) {
        OperatorOptions options;
        options.op = static_cast<Op>(op);
        options.channels = 32;
        if (options.op == Op::local)
            options.height = options.width = 4;
        Model model;
        const auto created = model.create(options, weights);
        ASSERT_TRUE(created) << name_of(options.op) << ": " << created.message();
        EXPECT_EQ(json::parse(model.json()).at("kind"), name_of(options.op));
    }
}

TEST(CppOptions, TheLibraryKnowsEveryOptionByItsName) {
    const Weights weights = synthetic();
    OperatorOptions involution;
    involution.channels = 32;
    involution.kernel = 3, involution.stride = 2, involution.dilation = 1;
    involution.group_channels = 16, involution.reduction = 2;
    involution.relu = true, involution.norm = true;
    OperatorOptions conv;
    conv.op = Op::conv2d;
    conv.channels = 32, conv.out_channels = 64, conv.kernel = 3, conv.stride = 1;
    conv.dilation = 1, conv.relu = true, conv.bias = true, conv.residual = true;
    for (const OperatorOptions &options : {involution, conv}) {
        Model model;
        const auto created = model.create(options, weights);
        ASSERT_TRUE(created) << created.message();
        const json asked = json::parse(options.json()), made = json::parse(model.json());
        for (const auto &[key, value] : asked.items())
            EXPECT_EQ(made.at(key), value) << key;
    }
    involution.residual = true; // not an option of this kind
    Model model;
    const auto refused = model.create(involution, weights);
    EXPECT_EQ(refused.code(), INVOLUTE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(refused.message()).find("residual"), std::string::npos);
}

TEST(CppOptions, ArchitecturesReachTheLibrary) {
    Architecture small;
    small.blocks = {1, 1, 1, 1};
    small.classes = 3;
    small.base_channels = 16, small.stem_channels = 32, small.stem_kernel = 3;
    small.kernel = 3, small.group_channels = 16, small.reduction = 2, small.dilation = 1;
    small.labels = {"a \"quoted\" one", "back\\slash", "line\nbreak\x01"};
    small.preprocessing = R"({"mode":"stretch","size":[32,32]})";
    Network network;
    const auto created = network.create(small, synthetic());
    ASSERT_TRUE(created) << created.message();
    const json made = json::parse(network.model().json());
    EXPECT_EQ(made.at("labels"), json(small.labels));
    EXPECT_EQ(made.at("kernel"), 3);
    EXPECT_EQ(network.classes(), 3);
    EXPECT_EQ(json::parse(network.preprocessing()).at("size"), json({32, 32}));

    Architecture resnet;
    resnet.involution = false;
    resnet.depth = 26;
    Model model;
    ASSERT_TRUE(model.create(resnet, synthetic()));
    EXPECT_EQ(json::parse(model.json()).at("kind"), "resnet");
}

TEST(CppOperator, RunsAndTellsItsOutput) {
    OperatorOptions options;
    options.op = Op::global_pool;
    options.channels = 16;
    Operator pool;
    EXPECT_TRUE(pool.output_shape().empty());
    ASSERT_TRUE(pool.create(options, Weights(), 1, 4, 4, 1));
    std::vector<float> input(16 * 16, 2.0f), output(16, NAN);
    ASSERT_FALSE(pool.output_shape().empty());
    const std::vector<int64_t> shape = pool.output_shape();
    EXPECT_EQ(shape[1], 16);
    const involute_tensor out =
        involute_tensor_f32(output.data(), static_cast<int32_t>(shape.size()), shape.data());
    const auto ran = pool.run(view(input.data(), {1, 16, 4, 4}), out);
    ASSERT_TRUE(ran) << ran.message();
    for (float value : output)
        EXPECT_EQ(value, 2.0f);
}

TEST(CppOperator, KernelsAreAnOutputAndAnInput) {
    OperatorOptions generate, aggregate;
    generate.op = Op::kernel_generation, generate.channels = 32, generate.kernel = 3;
    aggregate.op = Op::aggregation, aggregate.channels = 32, aggregate.kernel = 3;
    OperatorOptions both;
    both.channels = 32, both.kernel = 3;
    Operator first, second, whole;
    const Weights weights = synthetic();
    ASSERT_TRUE(first.create(generate, weights, 1, 5, 6, 1));
    ASSERT_TRUE(second.create(aggregate, weights, 1, 5, 6, 1));
    ASSERT_TRUE(whole.create(both, weights, 1, 5, 6, 1));
    EXPECT_EQ(first.output_shape(), (std::vector<int64_t>{1, 2, 9, 5, 6}));
    std::vector<float> input(32 * 30), kernels(2 * 9 * 30), output(32 * 30), expected(32 * 30);
    for (size_t i = 0; i < input.size(); ++i)
        input[i] = static_cast<float>(i % 11) - 5.0f;
    const involute_tensor in = view(input.data(), {1, 32, 5, 6});
    const involute_tensor k = view(kernels.data(), {1, 2, 9, 5, 6});
    ASSERT_TRUE(first.run(in, k));
    ASSERT_TRUE(second.run({{"kernels", k}, {"input", in}},
                           {{"output", view(output.data(), {1, 32, 5, 6})}}));
    ASSERT_TRUE(whole.run(in, view(expected.data(), {1, 32, 5, 6})));
    for (size_t i = 0; i < output.size(); ++i)
        ASSERT_NEAR(output[i], expected[i], 1e-4f * (1 + std::fabs(expected[i])));
}

TEST(CppOperator, AFailedCreateKeepsTheOneBefore) {
    OperatorOptions options;
    options.op = Op::max_pool, options.channels = 16;
    Operator pool;
    ASSERT_TRUE(pool.create(options, Weights(), 1, 4, 4));
    const std::vector<int64_t> shape = pool.output_shape();
    options.kernel = 4;
    EXPECT_EQ(pool.create(options, Weights(), 1, 4, 4).code(), INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(pool.output_shape(), shape);
}

TEST(CppNetwork, ClassifiesAPicture) {
    const std::string root = INVOLUTE_SOURCE_DIR;
    Network network;
    std::vector<float> logits;
    EXPECT_EQ(network.classes(), 0);
    float nothing = 0;
    EXPECT_FALSE(network.run(view(&nothing, {1, 3, 1, 1}), &logits)); // not prepared
    ASSERT_TRUE(network.open(root + "/models/rednet-digits.safetensors"));
    EXPECT_EQ(network.classes(), 10);
    Picture picture;
    EXPECT_EQ(picture.load("/nowhere.png").code(), INVOLUTE_INVALID_FILE);
    ASSERT_TRUE(picture.load(root + "/examples/images/7_1304.png", network.preprocessing()));
    const Picture moved = std::move(picture);
    ASSERT_TRUE(network.prepare(1, moved.height(), moved.width(), 1));
    const auto ran = network.run(moved.tensor(), &logits);
    ASSERT_TRUE(ran) << ran.message();
    ASSERT_EQ(logits.size(), 10u);
    EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), 7);
    involute_tensor scalar{};
    EXPECT_EQ(network.run(scalar, &logits).code(), INVOLUTE_INVALID_ARGUMENT);
}

} // namespace
