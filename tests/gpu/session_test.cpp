// Sessions on a device, through the C interface: what happens without one, and when it fails. The
// process lives on with the CPU.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "core/device.h"
#include "tests/gpu/native.h"

namespace involute {
namespace {

using gpu_tests::device_of_environment;

constexpr const char *kLayer = R"({"kind":"involution","channels":64,"kernel":7})";
constexpr int64_t kLayerChannels = 64, kSize = 13;

// The status of the first step that fails; `values` gets the output.
involute_status run_layer(involute_isa isa, std::vector<float> *values) {
    involute_weights *weights = nullptr;
    involute_model *model = nullptr;
    involute_session *session = nullptr;
    involute_status status = involute_weights_synthetic(3, &weights);
    if (status.code == INVOLUTE_OK) {
        involute_model_options options = {};
        options.struct_size = sizeof options;
        options.architecture = kLayer, options.weights = weights, options.isa = isa;
        status = involute_model_create(&options, &model);
    }
    if (status.code == INVOLUTE_OK) {
        involute_session_options options = {};
        options.struct_size = sizeof options;
        options.batch = 1, options.height = options.width = kSize;
        status = involute_session_create(model, &options, &session);
    }
    const int64_t shape[] = {1, kLayerChannels, kSize, kSize};
    std::vector<float> input(kLayerChannels * kSize * kSize);
    values->assign(input.size(), 0.0f);
    involute_named_tensor in{"input", involute_tensor_f32(input.data(), 4, shape)};
    involute_named_tensor out{"output", involute_tensor_f32(values->data(), 4, shape)};
    if (status.code == INVOLUTE_OK)
        status = involute_tensor_fill(&in.tensor, "input", 3, 0, 1);
    for (int turn = 0; turn < 2 && status.code == INVOLUTE_OK; ++turn)
        status = involute_session_run(session, &in, 1, &out, 1);
    involute_session_destroy(session);
    involute_model_destroy(model);
    involute_weights_destroy(weights);
    return status;
}

void expect_near(const std::vector<float> &got, const std::vector<float> &expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
        ASSERT_NEAR(got[i], expected[i], 2e-5f) << i;
}

TEST(DeviceSession, ComputesWhatTheCpuDoes) {
    const involute_isa device = device_of_environment();
    const involute_status available = involute_isa_check(device);
    if (available.code != INVOLUTE_OK)
        GTEST_SKIP() << available.message;
    std::vector<float> there, here;
    const involute_status status = run_layer(device, &there);
    ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
    ASSERT_EQ(run_layer(INVOLUTE_ISA_AUTO, &here).code, INVOLUTE_OK);
    expect_near(there, here);
}

// INVOLUTE_EXPECTED: a part of the message. The environment makes the device fail.
TEST(DeviceSession, FailsWithAStatusAndTheProcessLivesOn) {
    const char *expected = std::getenv("INVOLUTE_EXPECTED");
    if (!expected)
        GTEST_SKIP() << "INVOLUTE_EXPECTED: nothing was made to fail";
    std::vector<float> values;
    for (int turn = 0; turn < 2; ++turn) {
        const involute_status status = run_layer(device_of_environment(), &values);
        EXPECT_TRUE(status.code == INVOLUTE_UNAVAILABLE || status.code == INVOLUTE_OUT_OF_MEMORY)
            << status.code << ": " << status.message;
        if (turn == 0) {
            EXPECT_NE(std::string(status.message).find(expected), std::string::npos)
                << status.message;
        }
    }
    const involute_status status = run_layer(INVOLUTE_ISA_AUTO, &values);
    EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
}

// AUTO is a CPU's, whatever devices answer.
TEST(DeviceSession, IsNeverChosenByItself) {
    EXPECT_FALSE(is_device(involute_isa_best(nullptr, 0)));
    EXPECT_NE(involute_isa_cap(INVOLUTE_ISA_OPENCL).code, INVOLUTE_OK);
    EXPECT_NE(involute_isa_cap(INVOLUTE_ISA_CUDA).code, INVOLUTE_OK);
}

} // namespace
} // namespace involute
