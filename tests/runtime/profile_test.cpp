// Sessions that profile: times of layers, regions and tasks, repeated calls that leave the results
// as they were, simulated threads, and errors.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "involute/involute.h"

namespace {

using nlohmann::json;

// A model with synthetic weights and one session of it, with memory for inputs and outputs.
class Profiled {
public:
    Profiled(const char *architecture, const involute_session_options &asked) {
        involute_weights *weights = nullptr;
        EXPECT_EQ(involute_weights_synthetic(3, &weights).code, INVOLUTE_OK);
        involute_model_options model{};
        model.struct_size = sizeof model;
        model.architecture = architecture;
        model.weights = weights;
        const involute_status made = involute_model_create(&model, &model_);
        EXPECT_EQ(made.code, INVOLUTE_OK) << made.message;
        involute_weights_destroy(weights);
        involute_session_options options = asked;
        options.struct_size = sizeof options;
        const involute_status planned = involute_session_create(model_, &options, &session_);
        EXPECT_EQ(planned.code, INVOLUTE_OK) << planned.message;
        description = json::parse(involute_session_json(session_));
        input_ = tensor(description["inputs"][0], &in_);
        output_ = tensor(description["outputs"][0], &out);
        EXPECT_EQ(involute_tensor_fill(&input_.tensor, "input", 0, 0, 1).code, INVOLUTE_OK);
    }
    Profiled(const Profiled &) = delete;
    Profiled &operator=(const Profiled &) = delete;
    ~Profiled() {
        involute_session_destroy(session_);
        involute_model_destroy(model_);
    }

    involute_status run() {
        return involute_session_run(session_, &input_, 1, &output_, 1);
    }
    involute_status warm(int32_t repeats, double *seconds, size_t count) {
        return involute_session_profile_warm(session_, &input_, 1, &output_, 1, repeats, seconds,
                                             count);
    }
    std::vector<involute_layer_profile> profile() const {
        std::vector<involute_layer_profile> layers(involute_session_profile(session_, nullptr, 0));
        involute_session_profile(session_, layers.data(), layers.size());
        return layers;
    }
    const involute_session *session() const {
        return session_;
    }

    json description;
    std::vector<float> out;

private:
    involute_named_tensor tensor(const json &port, std::vector<float> *memory) {
        const std::vector<int64_t> shape = port["shape"];
        const int64_t count =
            std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
        memory->assign(static_cast<size_t>(count), -99.0f);
        names_.push_back(port["name"]);
        return {
            names_.back().c_str(),
            involute_tensor_f32(memory->data(), static_cast<int32_t>(shape.size()), shape.data())};
    }

    involute_model *model_ = nullptr;
    involute_session *session_ = nullptr;
    std::vector<float> in_;
    std::vector<std::string> names_ = [] {
        std::vector<std::string> names;
        names.reserve(2); // c_str() of the first must stay
        return names;
    }();
    involute_named_tensor input_, output_;
};

constexpr const char *kNetwork =
    R"({"kind":"rednet","blocks":[1,1,1,1],"base_channels":32,"classes":10})";

involute_session_options options(int32_t threads, int64_t size) {
    involute_session_options result{};
    result.batch = 1, result.height = result.width = size;
    result.threads = threads, result.profile = 1;
    return result;
}

TEST(Profile, TimesOfLayersHangTogether) {
    for (int threads : {1, 2}) {
        Profiled network(kNetwork, options(threads, 64));
        ASSERT_EQ(network.run().code, INVOLUTE_OK);
        const std::vector<involute_layer_profile> layers = network.profile();
        ASSERT_EQ(layers.size(), network.description["layers"].size());
        int64_t regions = 0;
        for (size_t i = 0; i < layers.size(); ++i) {
            const involute_layer_profile &layer = layers[i];
            EXPECT_GT(layer.seconds, 0);
            EXPECT_GE(layer.seconds, layer.region_seconds);
            // The tasks of a thread follow each other within the region.
            EXPECT_LE(layer.task_seconds, threads * layer.region_seconds);
            EXPECT_GE(layer.tasks, 2 * layer.regions);
            EXPECT_EQ(layer.task_seconds > 0, layer.regions > 0);
            regions += layer.regions;
            std::vector<double> seconds(static_cast<size_t>(layer.tasks) + 1, -1);
            std::vector<int32_t> region(seconds.size(), -1);
            // One value less than there is room for stays as it was.
            EXPECT_EQ(involute_session_tasks(network.session(), i, region.data(), seconds.data(),
                                             seconds.size()),
                      static_cast<size_t>(layer.tasks));
            EXPECT_EQ(seconds.back(), -1);
            seconds.pop_back();
            EXPECT_NEAR(std::accumulate(seconds.begin(), seconds.end(), 0.0), layer.task_seconds,
                        1e-12);
            for (size_t task = 0; task + 1 < region.size(); ++task) {
                EXPECT_GT(seconds[task], 0);
                EXPECT_GE(region[task], task > 0 ? region[task - 1] : 0);
                EXPECT_LT(region[task], layer.regions);
            }
        }
        EXPECT_GT(regions, 0);
        EXPECT_EQ(involute_session_tasks(network.session(), layers.size(), nullptr, nullptr, 0),
                  0u);
    }
}

TEST(Profile, WarmCallsLeaveTheResultAsItIs) {
    for (int threads : {1, 2}) {
        Profiled network(kNetwork, options(threads, 64));
        ASSERT_EQ(network.run().code, INVOLUTE_OK);
        const std::vector<float> expected = network.out;
        std::fill(network.out.begin(), network.out.end(), -99.0f);
        const size_t layers = network.description["layers"].size();
        std::vector<double> seconds(layers * 4 + 1, -1);
        const involute_status status = network.warm(4, seconds.data(), layers * 4);
        ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
        EXPECT_EQ(std::memcmp(expected.data(), network.out.data(), expected.size() * 4), 0);
        EXPECT_EQ(seconds.back(), -1);
        seconds.pop_back();
        for (double time : seconds)
            EXPECT_GT(time, 0);
        // What the profile tells is of the last calls.
        const std::vector<involute_layer_profile> last = network.profile();
        for (size_t i = 0; i < layers; ++i)
            EXPECT_EQ(last[i].seconds, seconds[i * 4 + 3]);
    }
}

TEST(Profile, WarmCallsAreChecked) {
    Profiled network(kNetwork, options(1, 64));
    const size_t layers = network.description["layers"].size();
    std::vector<double> seconds(layers * 2, -1);
    const auto refused = [&](const involute_status &status, const std::string &text) {
        EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
        EXPECT_NE(std::string(status.message).find(text), std::string::npos) << status.message;
    };
    refused(network.warm(0, seconds.data(), 0), "repeats: expected at least 1, got 0");
    refused(network.warm(2, nullptr, seconds.size()), "seconds: expected a pointer, got NULL");
    refused(network.warm(2, seconds.data(), seconds.size() - 1), "seconds: expected room for");
    refused(network.warm(1, seconds.data(), seconds.size()), "seconds: expected room for");
    refused(involute_session_profile_warm(nullptr, nullptr, 0, nullptr, 0, 1, seconds.data(), 1),
            "session: expected a pointer, got NULL");
    for (double time : seconds)
        EXPECT_EQ(time, -1);
    involute_session_options plain = options(1, 64);
    plain.profile = 0;
    Profiled without(kNetwork, plain);
    refused(without.warm(2, seconds.data(), seconds.size()), "expected one made with profile");
    EXPECT_TRUE(without.profile().empty());
    EXPECT_EQ(involute_session_tasks(without.session(), 0, nullptr, nullptr, 0), 0u);
    EXPECT_EQ(involute_session_tasks(nullptr, 0, nullptr, nullptr, 0), 0u);
    EXPECT_EQ(involute_session_profile(nullptr, nullptr, 0), 0u);
}

TEST(Profile, SimulatedThreadsCutTheWorkAndKeepTheBits) {
    Profiled one(kNetwork, options(1, 64));
    ASSERT_EQ(one.run().code, INVOLUTE_OK);
    for (int32_t threads : {2, 16, 64}) {
        // The tasks are those of a session with so many threads.
        Profiled real(kNetwork, options(threads, 64));
        ASSERT_EQ(real.run().code, INVOLUTE_OK);
        involute_session_options simulated = options(0, 64);
        simulated.profile = 0;
        simulated.simulated_threads = threads;
        Profiled network(kNetwork, simulated);
        EXPECT_EQ(network.description["threads"], 1);
        EXPECT_EQ(network.description["simulated_threads"], threads);
        ASSERT_EQ(network.run().code, INVOLUTE_OK);
        EXPECT_EQ(one.out, network.out);
        EXPECT_EQ(one.out, real.out);
        const auto expected = real.profile(), found = network.profile();
        ASSERT_EQ(expected.size(), found.size());
        for (size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].regions, expected[i].regions) << i;
            EXPECT_EQ(found[i].tasks, expected[i].tasks) << i;
        }
    }
}

TEST(Profile, BytesAreThoseOfTheTensors) {
    involute_session_options size = options(1, 56);
    Profiled point(R"({"kind":"conv2d","channels":64,"out_channels":256,"kernel":1})", size);
    const json product = point.description["layers"][0];
    EXPECT_EQ(product["bytes"], 4 * (56 * 56 * 64 + 64 * 256 + 256 + 56 * 56 * 256));
    // Every second pixel of every second row.
    Profiled strided(R"({"kind":"conv2d","channels":64,"kernel":1,"stride":2})", size);
    EXPECT_EQ(strided.description["layers"][0]["bytes"],
              4 * (28 * 28 * 64 + 64 * 64 + 64 + 28 * 28 * 64));
    // All pixels but none outside.
    Profiled window(R"({"kind":"max_pool","channels":32,"kernel":3,"stride":2})", size);
    EXPECT_EQ(window.description["layers"][0]["bytes"], 4 * 32 * (56 * 56 + 28 * 28));
    EXPECT_EQ(window.description["layers"][0]["tail"], 0.0);
}

} // namespace
