// Sessions through the C interface on operators without weights: memory of the caller in any
// order, concurrent use, lifetimes, and errors that leave everything as it was.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/isa.h"
#include "involute/involute.h"

namespace {

constexpr int64_t kBatch = 2, kChannels = 32, kHeight = 6, kWidth = 9, kTaps = 9, kGroups = 2;
constexpr const char *kAggregation =
    R"({"kind":"aggregation","channels":32,"kernel":3,"group_channels":16,"norm":false})";

struct Model {
    involute_model *handle = nullptr;
    involute_status status{};

    explicit Model(const char *architecture) {
        involute_model_options options{};
        options.struct_size = sizeof options;
        options.architecture = architecture;
        status = involute_model_create(&options, &handle);
    }
    Model(const Model &) = delete;
    Model &operator=(const Model &) = delete;
    ~Model() {
        involute_model_destroy(handle);
    }
};

involute_session_options session_options(int32_t threads) {
    involute_session_options options{};
    options.struct_size = sizeof options;
    options.batch = kBatch;
    options.height = kHeight;
    options.width = kWidth;
    options.threads = threads;
    return options;
}

// A tensor in memory of its own that starts `offset` floats after a multiple of 64 bytes. `order`
// lists the dimensions from the outermost to the innermost.
struct Tensor {
    std::vector<float> memory;
    involute_tensor view;

    Tensor(const std::vector<int64_t> &shape, const std::vector<size_t> &order, size_t offset,
           float fill) {
        size_t count = 1;
        for (int64_t extent : shape)
            count *= static_cast<size_t>(extent);
        memory.assign(count + 32, fill);
        const size_t first = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64 / 4;
        view = involute_tensor_f32(memory.data() + first + offset,
                                   static_cast<int32_t>(shape.size()), shape.data());
        int64_t stride = 1;
        for (size_t i = order.size(); i-- > 0;) {
            view.strides[order[i]] = stride;
            stride *= shape[order[i]];
        }
    }
    float &at(const std::vector<int64_t> &index) {
        int64_t place = 0;
        for (size_t i = 0; i < index.size(); ++i)
            place += index[i] * view.strides[i];
        return static_cast<float *>(view.data)[place];
    }
};

const std::vector<int64_t> kMapShape = {kBatch, kChannels, kHeight, kWidth};
const std::vector<int64_t> kKernelShape = {kBatch, kGroups, kTaps, kHeight, kWidth};
const std::vector<size_t> kNchw = {0, 1, 2, 3}, kNhwc = {0, 2, 3, 1}, kNwch = {0, 3, 1, 2};

// Small whole numbers, so that every order of summation gives the same sum.
float input_value(int64_t b, int64_t c, int64_t y, int64_t x) {
    return static_cast<float>((b * 7 + c * 3 + y * 5 + x * 11) % 17 - 8);
}

float kernel_value(int64_t b, int64_t g, int64_t tap, int64_t y, int64_t x) {
    return static_cast<float>((b * 5 + g * 3 + tap * 7 + y * 2 + x) % 13 - 6);
}

float expected(int64_t b, int64_t c, int64_t y, int64_t x) {
    float sum = 0;
    for (int64_t tap = 0; tap < kTaps; ++tap) {
        const int64_t iy = y + tap / 3 - 1, ix = x + tap % 3 - 1;
        if (iy >= 0 && iy < kHeight && ix >= 0 && ix < kWidth)
            sum += input_value(b, c, iy, ix) * kernel_value(b, c / 16, tap, y, x);
    }
    return sum;
}

template <class Visit>
void each_value(Visit visit) {
    for (int64_t b = 0; b < kBatch; ++b)
        for (int64_t c = 0; c < kChannels; ++c)
            for (int64_t y = 0; y < kHeight; ++y)
                for (int64_t x = 0; x < kWidth; ++x)
                    visit(b, c, y, x);
}

void fill(Tensor *input, Tensor *kernels) {
    each_value([&](int64_t b, int64_t c, int64_t y, int64_t x) {
        input->at({b, c, y, x}) = input_value(b, c, y, x);
        if (c < kGroups * kTaps)
            kernels->at({b, c / kTaps, c % kTaps, y, x}) =
                kernel_value(b, c / kTaps, c % kTaps, y, x);
    });
}

void expect_right(Tensor *output) {
    each_value([&](int64_t b, int64_t c, int64_t y, int64_t x) {
        ASSERT_EQ(output->at({b, c, y, x}), expected(b, c, y, x)) << b << c << y << x;
    });
}

class SessionTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(model_.status.code, INVOLUTE_OK) << model_.status.message;
        const involute_session_options options = session_options(2);
        const involute_status status = involute_session_create(model_.handle, &options, &session_);
        ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
        fill(&input_, &kernels_);
    }
    void TearDown() override {
        involute_session_destroy(session_);
    }
    involute_status run(std::vector<involute_named_tensor> inputs,
                        std::vector<involute_named_tensor> outputs) {
        return involute_session_run(session_, inputs.data(), inputs.size(), outputs.data(),
                                    outputs.size());
    }
    // The message of a run that must fail and must not write.
    std::string refusal(std::vector<involute_named_tensor> inputs,
                        std::vector<involute_named_tensor> outputs) {
        const std::vector<float> before = output_.memory;
        const involute_status status = run(std::move(inputs), std::move(outputs));
        EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
        EXPECT_EQ(before, output_.memory);
        return status.message;
    }

    Model model_{kAggregation};
    involute_session *session_ = nullptr;
    Tensor input_{kMapShape, kNhwc, 0, 0.0f};
    Tensor kernels_{kKernelShape, {0, 3, 4, 1, 2}, 0, 0.0f};
    Tensor output_{kMapShape, kNhwc, 0, -99.0f};
};

TEST_F(SessionTest, TakesMemoryInAnyOrder) {
    for (const std::vector<size_t> &in_order : {kNchw, kNhwc, kNwch}) {
        for (const std::vector<size_t> &out_order : {kNchw, kNhwc, kNwch}) {
            for (size_t offset : {0, 1, 15}) {
                Tensor input(kMapShape, in_order, offset, 0.0f);
                Tensor kernels(kKernelShape, {0, 1, 2, 3, 4}, offset, 0.0f);
                Tensor output(kMapShape, out_order, offset, -99.0f);
                fill(&input, &kernels);
                const involute_status status = run(
                    {{"kernels", kernels.view}, {"input", input.view}}, {{"output", output.view}});
                ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
                expect_right(&output);
                // Nothing outside of the tensor was written.
                size_t untouched = 0;
                for (float value : output.memory)
                    untouched += value == -99.0f;
                EXPECT_GE(untouched, 32u);
            }
        }
    }
}

TEST_F(SessionTest, OutputOverInput) {
    const involute_status status =
        run({{"input", input_.view}, {"kernels", kernels_.view}}, {{"output", input_.view}});
    ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
    expect_right(&input_);
}

TEST_F(SessionTest, BroadcastInput) {
    involute_tensor constant = input_.view;
    for (int64_t &stride : constant.strides)
        stride = 0;
    ASSERT_EQ(
        run({{"input", constant}, {"kernels", kernels_.view}}, {{"output", output_.view}}).code,
        INVOLUTE_OK);
    // In the middle of the picture all taps are inside.
    float taps = 0;
    for (int64_t tap = 0; tap < kTaps; ++tap)
        taps += kernel_value(1, 1, tap, 3, 4);
    EXPECT_EQ(output_.at({1, 20, 3, 4}), taps * input_.at({0, 0, 0, 0}));
}

TEST_F(SessionTest, OutputsThatAreNotAskedForAreNotWritten) {
    EXPECT_EQ(involute_session_run(session_, nullptr, 0, nullptr, 0).code,
              INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(run({{"input", input_.view}, {"kernels", kernels_.view}}, {}).code, INVOLUTE_OK);
    for (float value : output_.memory)
        ASSERT_EQ(value, -99.0f);
    // And a later run that asks gets it.
    ASSERT_EQ(
        run({{"input", input_.view}, {"kernels", kernels_.view}}, {{"output", output_.view}}).code,
        INVOLUTE_OK);
    expect_right(&output_);
}

TEST_F(SessionTest, RefusalsWriteNothing) {
    const involute_named_tensor input = {"input", input_.view},
                                kernels = {"kernels", kernels_.view};
    const involute_named_tensor output = {"output", output_.view};
    EXPECT_EQ(refusal({input}, {output}), "input 'kernels': expected [2,2,9,6,9], got none");
    EXPECT_EQ(refusal({input, kernels, input}, {output}), "input 'input': given twice");
    EXPECT_EQ(refusal({input, kernels, {"imput", input_.view}}, {output}),
              "input 'imput': no such input in this session, expected input, kernels");
    EXPECT_EQ(refusal({input, kernels, {nullptr, input_.view}}, {output}),
              "input 2: expected a name, got NULL");
    EXPECT_EQ(refusal({input, kernels}, {{"stage1", output_.view}}),
              "output 'stage1': no such output in this session, expected output");
    EXPECT_EQ(refusal({input, {"kernels", input_.view}}, {output}),
              "input 'kernels': expected shape [2,2,9,6,9], got [2,32,6,9] (rank 4)");
    involute_tensor folded = output_.view;
    folded.strides[0] = 0;
    EXPECT_NE(refusal({input, kernels}, {{"output", folded}}).find("share an address"),
              std::string::npos);
    const involute_status status = involute_session_run(nullptr, &input, 1, &output, 1);
    EXPECT_STREQ(status.message, "session: expected a pointer, got NULL");
}

TEST_F(SessionTest, OutlivesItsModel) {
    involute_model_destroy(model_.handle);
    model_.handle = nullptr;
    ASSERT_EQ(
        run({{"input", input_.view}, {"kernels", kernels_.view}}, {{"output", output_.view}}).code,
        INVOLUTE_OK);
    expect_right(&output_);
}

TEST_F(SessionTest, SessionsOfOneModelAtOnce) {
    const auto work = [this](int32_t threads) {
        const involute_session_options options = session_options(threads);
        involute_session *session = nullptr;
        ASSERT_EQ(involute_session_create(model_.handle, &options, &session).code, INVOLUTE_OK);
        for (int round = 0; round < 100; ++round) {
            Tensor output(kMapShape, kNhwc, 0, -99.0f);
            const involute_named_tensor inputs[] = {{"input", input_.view},
                                                    {"kernels", kernels_.view}};
            const involute_named_tensor result = {"output", output.view};
            ASSERT_EQ(involute_session_run(session, inputs, 2, &result, 1).code, INVOLUTE_OK);
            expect_right(&output);
        }
        involute_session_destroy(session);
    };
    std::thread first(work, 1), second(work, 2), third(work, 3);
    first.join();
    second.join();
    third.join();
}

TEST_F(SessionTest, DescribesItself) {
    const auto json = nlohmann::json::parse(involute_session_json(session_));
    EXPECT_EQ(json["batch"], kBatch);
    EXPECT_EQ(json["threads"], 2);
    EXPECT_EQ(json["macs"], kBatch * kChannels * kHeight * kWidth * kTaps);
    ASSERT_EQ(json["layers"].size(), 1u);
    EXPECT_EQ(json["layers"][0]["row"], "aggregation_k3_s1");
    EXPECT_EQ(json["layers"][0]["shape"], kMapShape);
    EXPECT_EQ(json["inputs"][1]["shape"], kKernelShape);
    EXPECT_EQ(json["outputs"][0]["name"], "output");
    EXPECT_GE(json["memory"]["activations"].get<int64_t>(),
              json["memory"]["activations_lower_limit"].get<int64_t>());
    EXPECT_EQ(involute_session_profile(session_, nullptr, 0), 0u);
}

TEST(SessionOptions, AreChecked) {
    const Model model(kAggregation);
    ASSERT_EQ(model.status.code, INVOLUTE_OK) << model.status.message;
    const auto message = [&](const involute_session_options &options) {
        involute_session *session = reinterpret_cast<involute_session *>(1);
        const involute_status status = involute_session_create(model.handle, &options, &session);
        EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
        EXPECT_EQ(session, nullptr);
        return std::string(status.message);
    };
    involute_session_options options = session_options(1);
    options.struct_size = 3;
    EXPECT_NE(message(options).find("struct_size"), std::string::npos);
    options = session_options(1);
    options.batch = 0;
    EXPECT_EQ(message(options), "batch: expected 1 .. 1048576, got 0");
    options = session_options(1);
    options.height = -4;
    EXPECT_EQ(message(options), "height: expected 1 .. 1048576, got -4");
    options = session_options(1);
    options.width = int64_t{1} << 40;
    EXPECT_EQ(message(options), "width: expected 1 .. 1048576, got 1099511627776");
    options = session_options(1025);
    EXPECT_EQ(message(options),
              "threads: expected 1 .. 1024, or 0 for all that may be used, got 1025");
    options = session_options(1);
    options.simulated_threads = 1025;
    EXPECT_EQ(message(options), "simulated_threads: expected 1 .. 1024, or 0 for none, got 1025");
    options = session_options(2);
    options.simulated_threads = 4;
    EXPECT_EQ(message(options), "threads: expected 0 or 1 beside simulated_threads, got 2");
    options = session_options(1);
    options.batch = options.height = options.width = 1 << 20; // no product may wrap
    EXPECT_NE(message(options).find("has more than 2147483647 values"), std::string::npos);
    involute_session *session = nullptr;
    EXPECT_EQ(involute_session_create(model.handle, nullptr, &session).code,
              INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_session_create(nullptr, &options, &session).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_session_create(model.handle, &options, nullptr).code,
              INVOLUTE_INVALID_ARGUMENT);
    involute_session_destroy(nullptr);
    involute_model_destroy(nullptr);
}

TEST(ModelOptions, AreChecked) {
    const auto create = [](auto change) {
        involute_model_options options{};
        options.struct_size = sizeof options;
        options.architecture = kAggregation;
        change(&options);
        involute_model *model = nullptr;
        const involute_status status = involute_model_create(&options, &model);
        EXPECT_EQ(model, nullptr);
        involute_model_destroy(model);
        return status;
    };
    EXPECT_EQ(create([](auto *o) { o->struct_size = 0; }).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(create([](auto *o) { o->struct_size = 1 << 20; }).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(create([](auto *o) { o->dtype = INVOLUTE_BF16; }).code, INVOLUTE_UNSUPPORTED);
    EXPECT_EQ(create([](auto *o) { o->isa = static_cast<involute_isa>(9); }).code,
              INVOLUTE_INVALID_ARGUMENT);
    for (const involute_isa isa : {INVOLUTE_ISA_AVX2, INVOLUTE_ISA_NEON}) {
        if ((involute::isa_situation().built & 1u << isa) == 0) {
            EXPECT_EQ(create([&](auto *o) { o->isa = isa; }).code, INVOLUTE_UNAVAILABLE);
        }
    }
    const involute_status schedule = create([](auto *o) { o->schedule = "fast"; });
    EXPECT_EQ(schedule.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(schedule.message).find("expected hand, tuned"), std::string::npos);
    const involute_status kernel = create(
        [](auto *o) { o->architecture = R"({"kind":"aggregation","channels":32,"kernel":4})"; });
    EXPECT_EQ(kernel.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_STREQ(kernel.message, "operator: kernel must be an odd integer from 1 to 255, found 4");
    const involute_status nothing = create([](auto *o) { o->architecture = nullptr; });
    EXPECT_EQ(nothing.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_model_create(nullptr, nullptr).code, INVOLUTE_INVALID_ARGUMENT);
}

TEST(KernelsJson, ListsEveryKernel) {
    const auto list = nlohmann::json::parse(involute_kernels_json());
    ASSERT_GT(list.size(), 20u);
    for (const auto &kernel : list) {
        for (const char *key : {"op", "row", "dtype", "isa", "schedule", "form", "kernel", "stride",
                                "group_channels", "channels", "packing", "symbol"})
            EXPECT_TRUE(kernel.contains(key)) << key;
    }
}

// What of legal operators does not run: windows that the image must hold and cannot, and maps that
// with their border are beyond 32-bit indices.
TEST(Session, LimitsAreNamed) {
    const auto create = [](const char *architecture, int64_t height, int64_t width) {
        const Model model(architecture);
        EXPECT_EQ(model.status.code, INVOLUTE_OK) << model.status.message;
        involute_session_options options = session_options(1);
        options.height = height, options.width = width;
        involute_session *session = nullptr;
        const involute_status status = involute_session_create(model.handle, &options, &session);
        involute_session_destroy(session);
        return status;
    };
    const char *clamped =
        R"({"kind":"aggregation","channels":16,"kernel":[3,5],"dilation":2,"border":"clamp"})";
    EXPECT_EQ(create(clamped, 6, 10).code, INVOLUTE_OK);
    const involute_status small = create(clamped, 6, 9);
    EXPECT_EQ(small.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_STREQ(small.message, "layer 'aggregation': with border clamp and dilation 2, windows of "
                                "3x5 need an input of 6x10 at least, got 6x9");
    const char *dilated = R"({"kind":"aggregation","channels":1024,"kernel":255,"dilation":64,)"
                          R"("group_channels":1024})";
    const involute_status large = create(dilated, 64, 64);
    EXPECT_EQ(large.code, INVOLUTE_UNSUPPORTED);
    EXPECT_STREQ(large.message, "layer 'aggregation': an input of 64x64x1024 with a border for "
                                "kernel 255x255 and dilation 64 has more than 2147483647 values");
}

// A dilation that leads every tap but the middle one out of the map needs no border beyond that.
TEST(Session, TapsFarOutsideCostNoMemory) {
    const auto grad_kernels = [](int dilation) {
        const std::string text = R"({"kind":"aggregation_grad_weight","channels":16,"kernel":31,)"
                                 R"("dilation":)" +
                                 std::to_string(dilation) + "}";
        const Model model(text.c_str());
        EXPECT_EQ(model.status.code, INVOLUTE_OK) << model.status.message;
        involute_session_options options = session_options(1);
        options.batch = 1, options.height = options.width = 8;
        involute_session *session = nullptr;
        const involute_status status = involute_session_create(model.handle, &options, &session);
        EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
        std::vector<float> input(16 * 64), grad(input.size()), result(31 * 31 * 64, -1.0f);
        const int64_t map[] = {1, 16, 8, 8}, kernels[] = {1, 1, 31 * 31, 8, 8};
        for (auto [values, name] : {std::pair(&input, "x"), std::pair(&grad, "g")}) {
            involute_tensor view = involute_tensor_f32(values->data(), 4, map);
            EXPECT_EQ(involute_tensor_fill(&view, name, 0, 0, 1).code, INVOLUTE_OK);
        }
        const involute_named_tensor inputs[] = {
            {"input", involute_tensor_f32(input.data(), 4, map)},
            {"grad_output", involute_tensor_f32(grad.data(), 4, map)}};
        const involute_named_tensor output = {"grad_kernels",
                                              involute_tensor_f32(result.data(), 5, kernels)};
        EXPECT_EQ(involute_session_run(session, inputs, 2, &output, 1).code, INVOLUTE_OK);
        involute_session_destroy(session);
        return result;
    };
    const std::vector<float> far = grad_kernels(4096);
    EXPECT_EQ(far, grad_kernels(8));
    EXPECT_NE(far[15 * 31 * 64 + 15 * 64], 0.0f); // the middle tap
}

} // namespace
