// The C++ header: owners, results, and that they do what the C functions do.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "involute/involute.hpp"

namespace {

using involute::cpp::Model;
using involute::cpp::Session;
using involute::cpp::view;
using involute::cpp::Weights;

TEST(CppWrapper, RunsANetwork) {
    Weights weights;
    const auto opened =
        weights.open(std::string(INVOLUTE_SOURCE_DIR) + "/models/rednet-digits.safetensors");
    ASSERT_TRUE(opened) << opened.message();
    Model model;
    const auto created = model.create("", weights);
    ASSERT_TRUE(created) << created.message();
    Session session;
    const auto planned = session.create(model, 1, 32, 32, 2);
    ASSERT_TRUE(planned) << planned.message();
    std::vector<float> picture(3 * 32 * 32, 0.5f), logits(10, NAN);
    const auto ran = session.run({{"input", view(picture.data(), {1, 3, 32, 32})}},
                                 {{"logits", view(logits.data(), {1, 10})}});
    ASSERT_TRUE(ran) << ran.message();
    for (float logit : logits)
        EXPECT_TRUE(std::isfinite(logit));
}

TEST(CppWrapper, Profiles) {
    Weights weights;
    ASSERT_TRUE(weights.synthetic(0));
    Model model;
    ASSERT_TRUE(model.create(R"({"kind":"conv2d","channels":32,"kernel":1})", weights));
    involute_session_options options{};
    options.batch = 1, options.height = options.width = 14;
    options.threads = 1, options.profile = 1;
    Session session;
    ASSERT_TRUE(session.create(model, options));
    std::vector<float> in(32 * 14 * 14, 0.5f), out(in.size(), NAN);
    const auto input = view(in.data(), {1, 32, 14, 14}), output = view(out.data(), {1, 32, 14, 14});
    std::vector<double> seconds;
    const auto warm = session.profile_warm({{"input", input}}, {{"output", output}}, 3, &seconds);
    ASSERT_TRUE(warm) << warm.message();
    ASSERT_EQ(seconds.size(), 3u);
    for (double time : seconds)
        EXPECT_GT(time, 0);
    ASSERT_EQ(session.profile().size(), 1u);
    EXPECT_EQ(session.profile()[0].seconds, seconds[2]);
    EXPECT_EQ(session.profile_warm({{"input", input}}, {}, 0, &seconds).code(),
              INVOLUTE_INVALID_ARGUMENT);
    Session plain;
    ASSERT_TRUE(plain.create(model, 1, 14, 14));
    EXPECT_TRUE(plain.profile().empty());
    EXPECT_FALSE(plain.profile_warm({{"input", input}}, {}, 1, &seconds));
}

TEST(CppWrapper, FailuresSayWhyAndLeaveTheOwnerAsItWas) {
    Weights weights;
    const auto opened = weights.open("/nowhere.safetensors");
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened.code(), INVOLUTE_INVALID_FILE);
    EXPECT_NE(std::string(opened.message()).find("/nowhere.safetensors"), std::string::npos);
    EXPECT_EQ(weights.get(), nullptr);
    ASSERT_TRUE(weights.synthetic(1));
    Model model;
    EXPECT_EQ(model.create("rednet51", weights).code(), INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(model.get(), nullptr);
}

TEST(CppWrapper, MovedOwnersKeepTheObject) {
    Weights weights;
    ASSERT_TRUE(weights.synthetic(0));
    const involute_weights *object = weights.get();
    const Weights moved = std::move(weights);
    EXPECT_EQ(moved.get(), object);
}

} // namespace
