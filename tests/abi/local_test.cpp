// The locally connected layer and the gradient of an involution through the C++ interface.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "involute/involute.hpp"

namespace involute {
namespace {

cpp::OperatorOptions local(int64_t channels, int64_t height, int64_t width) {
    cpp::OperatorOptions options;
    options.op = cpp::Op::local;
    options.channels = channels, options.height = height, options.width = width;
    return options;
}

involute_status create(const std::string &json, involute_model **model) {
    involute_weights *weights = nullptr;
    EXPECT_EQ(involute_weights_synthetic(0, &weights).code, INVOLUTE_OK);
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = json.c_str();
    options.weights = weights;
    const involute_status status = involute_model_create(&options, model);
    involute_weights_destroy(weights);
    return status;
}

involute_status create_session(involute_model *model, int64_t height, int64_t width) {
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = 1, sizes.height = height, sizes.width = width, sizes.threads = 1;
    involute_session *session = nullptr;
    const involute_status status = involute_session_create(model, &sizes, &session);
    involute_session_destroy(session);
    return status;
}

void expect_message(const involute_status &status, int code, const std::string &text) {
    EXPECT_EQ(status.code, code) << status.message;
    EXPECT_NE(std::string(status.message).find(text), std::string::npos) << status.message;
}

} // namespace

TEST(Local, WeightsAreForOneSize) {
    involute_model *model = nullptr;
    ASSERT_EQ(create(local(4, 5, 7).json(), &model).code, INVOLUTE_OK);
    EXPECT_EQ(create_session(model, 5, 7).code, INVOLUTE_OK);
    expect_message(create_session(model, 7, 5), INVOLUTE_INVALID_ARGUMENT,
                   "its weights are for an input of 5x7, got 7x5");
    involute_model_destroy(model);
}

TEST(Local, NeedsItsSizeAndNoMoreWeightsThanKernelsCanCount) {
    involute_model *model = nullptr;
    expect_message(create(R"({"kind":"local","channels":4,"width":7})", &model),
                   INVOLUTE_INVALID_ARGUMENT, "height must be an integer from 1 to 65536");
    expect_message(create(local(4, 0, 7).json(), &model), INVOLUTE_INVALID_ARGUMENT, "height");
    expect_message(create(local(131072, 65536, 65536).json(), &model), INVOLUTE_UNSUPPORTED,
                   "more than 2147483647 weights");
    expect_message(create(local(1024, 32, 32).json(), &model), INVOLUTE_UNSUPPORTED,
                   "more than 2147483647 weights");
    EXPECT_EQ(model, nullptr);
}

// Without a bias the same as with zeros, also where there is one pixel.
TEST(Local, BiasMayBeLeftOut) {
    for (const int64_t side : {1, 3}) {
        const int64_t map[] = {2, 4, side, side}, weight[] = {5, 4, 3, 3, side, side},
                      bias[] = {5, side, side};
        const size_t pixels = static_cast<size_t>(side * side);
        std::vector<float> input(8 * pixels), values(180 * pixels), zeros(5 * pixels, 0.0f);
        involute_tensor view = involute_tensor_f32(input.data(), 4, map);
        ASSERT_EQ(involute_tensor_fill(&view, "x", 0, 0, 1).code, INVOLUTE_OK);
        const involute_named_tensor tensors[] = {
            {"weight", involute_tensor_f32(values.data(), 6, weight)},
            {"bias", involute_tensor_f32(zeros.data(), 3, bias)}};
        view = tensors[0].tensor;
        ASSERT_EQ(involute_tensor_fill(&view, "w", 0, 0, 1).code, INVOLUTE_OK);
        std::vector<float> results[2];
        for (const bool biased : {false, true}) {
            cpp::OperatorOptions options = local(4, side, side);
            options.out_channels = 5, options.bias = biased;
            involute_weights *weights = nullptr;
            ASSERT_EQ(involute_weights_create(tensors, biased ? 2 : 1, &weights).code, INVOLUTE_OK);
            involute_model_options model_options = {};
            model_options.struct_size = sizeof model_options;
            const std::string json = options.json();
            model_options.architecture = json.c_str();
            model_options.weights = weights;
            involute_model *model = nullptr;
            ASSERT_EQ(involute_model_create(&model_options, &model).code, INVOLUTE_OK);
            involute_session_options sizes = {};
            sizes.struct_size = sizeof sizes;
            sizes.batch = 2, sizes.height = sizes.width = side, sizes.threads = 2;
            involute_session *session = nullptr;
            ASSERT_EQ(involute_session_create(model, &sizes, &session).code, INVOLUTE_OK);
            std::vector<float> &result = results[biased];
            result.resize(10 * pixels);
            const int64_t shape[] = {2, 5, side, side};
            const involute_named_tensor in = {"input", involute_tensor_f32(input.data(), 4, map)};
            const involute_named_tensor out = {"output",
                                               involute_tensor_f32(result.data(), 4, shape)};
            EXPECT_EQ(involute_session_run(session, &in, 1, &out, 1).code, INVOLUTE_OK);
            involute_session_destroy(session);
            involute_model_destroy(model);
            involute_weights_destroy(weights);
        }
        EXPECT_EQ(results[0], results[1]);
        EXPECT_NE(results[0][0], 0.0f);
    }
}

// Two inputs, one output, and one set of parameters, however many layers use them.
TEST(InvolutionGradient, IsOneOperatorWithTheLayersParameters) {
    cpp::OperatorOptions options;
    options.channels = 32, options.kernel = 3, options.stride = 2;
    const auto told = [&](cpp::Op op) {
        options.op = op;
        involute_model *model = nullptr;
        const involute_status status = create(options.json(), &model);
        EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
        const std::string json = involute_model_json(model);
        involute_model_destroy(model);
        return json;
    };
    const std::string layer = told(cpp::Op::involution);
    const std::string gradient = told(cpp::Op::involution_grad_input);
    const std::string parameters = "\"parameters\":434"; // 8*32 + 2*8 + 18*8 + 18
    EXPECT_NE(layer.find(parameters), std::string::npos) << layer;
    EXPECT_NE(gradient.find(parameters), std::string::npos) << gradient;
    EXPECT_NE(gradient.find(R"("inputs":["input","grad_output"])"), std::string::npos) << gradient;
    EXPECT_NE(gradient.find(R"("outputs":["grad_input"])"), std::string::npos) << gradient;
}

} // namespace involute
