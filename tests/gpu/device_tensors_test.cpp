// Tensors of the caller in a device's memory, and streams of the caller's.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "involute/involute.hpp"
#include "tests/gpu/native.h"

namespace involute {
namespace {

using gpu_tests::Native;

constexpr int64_t kBatch = 2, kChannels = 48, kHeight = 13, kWidth = 9;
constexpr size_t kCount = kBatch * kChannels * kHeight * kWidth;

std::vector<float> some_values(size_t count, uint64_t seed) {
    std::vector<float> values(count);
    involute_tensor tensor = cpp::view(values.data(), {static_cast<int64_t>(count)});
    EXPECT_EQ(involute_tensor_fill(&tensor, "values", seed, 0.0, 1.0).code, INVOLUTE_OK);
    return values;
}

// Values in the device's memory, to the end of the test.
class Remote {
public:
    Remote(Native *native, size_t count) : native_(native), count_(count) {
        memory_ = native->allocate(count);
        write(std::vector<float>(count, std::nanf("")));
        native->finish(nullptr);
    }
    ~Remote() {
        native_->release(memory_);
    }
    Remote(const Remote &) = delete;
    Remote &operator=(const Remote &) = delete;

    void write(const std::vector<float> &values, void *stream = nullptr) {
        native_->write(memory_, values, stream);
    }
    std::vector<float> read() const {
        return native_->read(memory_, count_);
    }
    involute_tensor tensor(std::initializer_list<int64_t> shape) const {
        return cpp::channels_last(memory_, shape, native_->memory_kind());
    }

private:
    Native *native_;
    size_t count_;
    void *memory_;
};

class DeviceTensors : public ::testing::Test {
protected:
    void SetUp() override {
        const involute_isa device = gpu_tests::device_of_environment();
        const involute_status available = involute_isa_check(device);
        if (!is_device(device) || available.code != INVOLUTE_OK)
            GTEST_SKIP() << available.message;
        native_ = Native::open(device);
        ASSERT_TRUE(create(device, &session_));
        ASSERT_TRUE(create(INVOLUTE_ISA_AUTO, &on_cpu_));
        values_ = some_values(kCount, 7);
        expected_ = values_;
        ASSERT_TRUE(
            on_cpu_.run({{"input", image(values_.data())}}, {{"output", image(expected_.data())}}));
    }

    static cpp::Result create(involute_isa isa, cpp::Session *session, bool profile = false) {
        cpp::Weights weights;
        cpp::Model model;
        if (const cpp::Result made = weights.synthetic(3); !made)
            return made;
        const std::string layer =
            R"({"kind":"involution","kernel":7,"channels":)" + std::to_string(kChannels) + "}";
        if (const cpp::Result made = model.create(layer, weights, isa); !made)
            return made;
        involute_session_options options = {};
        options.batch = kBatch, options.height = kHeight, options.width = kWidth;
        options.profile = profile;
        return session->create(model, options);
    }
    static involute_tensor image(float *data) {
        return cpp::channels_last(data, {kBatch, kChannels, kHeight, kWidth});
    }
    static involute_tensor image(const Remote &remote) {
        return remote.tensor({kBatch, kChannels, kHeight, kWidth});
    }
    void expect_right(const std::vector<float> &got) const {
        ASSERT_EQ(got.size(), expected_.size());
        for (size_t i = 0; i < got.size(); ++i)
            ASSERT_NEAR(got[i], expected_[i], 2e-5f) << i;
    }
    void expect_refused(const involute_tensor &input, const std::string &text) {
        std::vector<float> output(kCount);
        const cpp::Result result =
            session_.run({{"input", input}}, {{"output", image(output.data())}});
        EXPECT_EQ(result.code(), INVOLUTE_INVALID_ARGUMENT);
        EXPECT_NE(std::string(result.message()).find(text), std::string::npos) << result.message();
    }

    std::unique_ptr<Native> native_;
    cpp::Session session_, on_cpu_;
    std::vector<float> values_, expected_;
};

TEST_F(DeviceTensors, AreUsedWhereTheyLieBesideTensorsOfTheHost) {
    Remote input(native_.get(), kCount), output(native_.get(), kCount);
    input.write(values_);
    std::vector<float> here(kCount);
    for (int turn = 0; turn < 2; ++turn) {
        ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(output)}}));
        expect_right(output.read());
        ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(here.data())}}));
        expect_right(here);
        ASSERT_TRUE(session_.run({{"input", image(values_.data())}}, {{"output", image(output)}}));
        expect_right(output.read());
        ASSERT_TRUE(
            session_.run({{"input", image(values_.data())}}, {{"output", image(here.data())}}));
        expect_right(here);
        EXPECT_EQ(input.read(), values_);
    }
}

TEST_F(DeviceTensors, OutputMayTakeThePlaceOfTheInput) {
    Remote both(native_.get(), kCount);
    both.write(values_);
    ASSERT_TRUE(session_.run({{"input", image(both)}}, {{"output", image(both)}}));
    expect_right(both.read());
}

TEST_F(DeviceTensors, RunsAreInTheOrderOfTheCallersStream) {
    Remote input(native_.get(), kCount), output(native_.get(), kCount);
    void *stream = native_->create_stream();
    ASSERT_TRUE(session_.set_stream(stream));
    input.write(std::vector<float>(kCount, 1.0f));
    input.write(values_, stream);
    ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(output)}}));
    if (native_->is_stand_in()) {
        EXPECT_TRUE(std::isnan(output.read().front())) << "it ran outside of the stream";
    }
    input.write(std::vector<float>(kCount, 2.0f), stream);
    native_->finish(stream);
    expect_right(output.read());

    // Of the host: what was put into the stream before is waited for, and so is the result.
    std::vector<float> here(kCount);
    input.write(values_, stream);
    ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(here.data())}}));
    expect_right(here);
    ASSERT_TRUE(session_.run({{"input", image(values_.data())}}, {{"output", image(output)}}));
    native_->finish(stream);
    expect_right(output.read());

    ASSERT_TRUE(session_.set_stream(nullptr));
    ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(here.data())}}));
    expect_right(here);
    native_->destroy_stream(stream);
}

TEST_F(DeviceTensors, SessionsEndWithTheirWork) {
    Remote input(native_.get(), kCount), output(native_.get(), kCount);
    void *stream = native_->create_stream();
    ASSERT_TRUE(session_.set_stream(stream));
    input.write(values_, stream);
    ASSERT_TRUE(session_.run({{"input", image(input)}}, {{"output", image(output)}}));
    session_ = cpp::Session();
    expect_right(output.read());
    native_->destroy_stream(stream);
}

// Stages are read by later layers and lie in the session's own memory; the classes of the head are
// padded there.
TEST_F(DeviceTensors, FeaturesAndPaddedOutputsAreCopiedThere) {
    constexpr int64_t kSide = 32, kClasses = 10;
    const auto session_for = [](involute_isa isa, cpp::Session *session) {
        cpp::Weights weights;
        cpp::Model model;
        EXPECT_TRUE(weights.synthetic(5));
        const cpp::Result made = model.create(R"({"kind":"rednet","blocks":[1,1,1,1],"classes":10,)"
                                              R"("base_channels":16,"stem_channels":32})",
                                              weights, isa);
        ASSERT_TRUE(made) << made.message();
        ASSERT_TRUE(session->create(model, kBatch, kSide, kSide, 1, true));
    };
    cpp::Session there, here;
    ASSERT_NO_FATAL_FAILURE(session_for(gpu_tests::device_of_environment(), &there));
    ASSERT_NO_FATAL_FAILURE(session_for(INVOLUTE_ISA_AUTO, &here));
    const std::vector<float> picture = some_values(kBatch * 3 * kSide * kSide, 9);
    std::vector<float> copy = picture, logits(kBatch * kClasses), stage(kBatch * 256 * 1 * 1);
    const std::string json = here.json();
    const size_t at = json.find(R"("name":"stage4","shape":[2,)");
    ASSERT_NE(at, std::string::npos) << json;
    const int64_t channels = std::atoll(json.c_str() + json.find('[', at) + 3);
    stage.resize(static_cast<size_t>(kBatch * channels));
    const involute_named_tensor in = {"input",
                                      cpp::channels_last(copy.data(), {kBatch, 3, kSide, kSide})};
    ASSERT_TRUE(
        here.run({in}, {{"logits", cpp::view(logits.data(), {kBatch, kClasses})},
                        {"stage4", cpp::channels_last(stage.data(), {kBatch, channels, 1, 1})}}));
    Remote input(native_.get(), picture.size()), far_logits(native_.get(), logits.size()),
        far_stage(native_.get(), stage.size());
    input.write(picture);
    const cpp::Result run = there.run({{"input", input.tensor({kBatch, 3, kSide, kSide})}},
                                      {{"logits", far_logits.tensor({kBatch, kClasses})},
                                       {"stage4", far_stage.tensor({kBatch, channels, 1, 1})}});
    ASSERT_TRUE(run) << run.message();
    const std::vector<float> got = far_logits.read(), got_stage = far_stage.read();
    for (size_t i = 0; i < logits.size(); ++i)
        EXPECT_NEAR(got[i], logits[i], 1e-4f) << i;
    for (size_t i = 0; i < stage.size(); ++i)
        EXPECT_NEAR(got_stage[i], stage[i], 1e-4f * (1 + std::fabs(stage[i]))) << i;
}

TEST_F(DeviceTensors, OfAnotherKindOrLayoutAreRefused) {
    Remote input(native_.get(), kCount);
    const involute_tensor good = image(input);
    involute_tensor tensor = good;
    tensor.device = native_->memory_kind() == INVOLUTE_DEVICE_CUDA ? INVOLUTE_DEVICE_OPENCL
                                                                   : INVOLUTE_DEVICE_CUDA;
    expect_refused(tensor, "expected device 0 (CPU) or " + std::to_string(native_->memory_kind()));
    tensor = involute_tensor_f32(nullptr, 4, good.shape); // [B,C,H,W] in that order
    tensor.data = good.data, tensor.device = good.device;
    expect_refused(tensor, "channels-last memory without gaps");
    if (native_->memory_kind() == INVOLUTE_DEVICE_CUDA) {
        tensor = good;
        tensor.data = static_cast<float *>(good.data) + 1;
        expect_refused(tensor, "multiple of 16 bytes");
    }
    std::vector<float> output(kCount);
    const cpp::Result on_cpu = on_cpu_.run({{"input", good}}, {{"output", image(output.data())}});
    EXPECT_NE(std::string(on_cpu.message()).find("expected device 0 (CPU), got"), std::string::npos)
        << on_cpu.message();
    const cpp::Result stream = on_cpu_.set_stream(&output);
    EXPECT_NE(std::string(stream.message()).find("expected a session of a device"),
              std::string::npos)
        << stream.message();
}

TEST_F(DeviceTensors, CopiesAreTimedApart) {
    Remote input(native_.get(), kCount), output(native_.get(), kCount);
    input.write(values_);
    std::vector<float> here(kCount);
    cpp::Session profiled;
    ASSERT_TRUE(create(gpu_tests::device_of_environment(), &profiled, true));
    ASSERT_TRUE(profiled.run({{"input", image(values_.data())}}, {{"output", image(here.data())}}));
    EXPECT_GT(involute_session_copy_seconds(profiled.get()), 0.0);
    ASSERT_TRUE(profiled.run({{"input", image(input)}}, {{"output", image(output)}}));
    EXPECT_EQ(involute_session_copy_seconds(profiled.get()), 0.0);
    EXPECT_GT(profiled.profile().front().seconds, 0.0);
}

TEST(DeviceHandles, AreOfDevicesOnly) {
    involute_device_handles handles = {};
    EXPECT_EQ(involute_device_native(INVOLUTE_ISA_AVX2, &handles).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_device_native(INVOLUTE_ISA_CUDA, nullptr).code, INVOLUTE_INVALID_ARGUMENT);
}

} // namespace
} // namespace involute
