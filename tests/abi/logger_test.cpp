// The application's log: silent until asked for, levels, failures word for word, exchange while
// others write, and calls of the library from within.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "involute/involute.hpp"

namespace {

using involute::cpp::Logger;
using involute::cpp::Model;
using involute::cpp::Session;
using involute::cpp::Weights;

struct Line {
    involute_log_level level;
    std::string text;
};

constexpr const char *kConv = R"({"kind":"conv2d","channels":32,"kernel":1})";

void create_all() {
    Weights weights;
    Model model;
    Session session;
    EXPECT_TRUE(weights.synthetic(0));
    EXPECT_TRUE(model.create(kConv, weights));
    EXPECT_TRUE(session.create(model, 1, 4, 4, 1));
}

int count(const std::vector<Line> &lines, involute_log_level level) {
    int found = 0;
    for (const Line &line : lines) {
        found += line.level == level;
        EXPECT_EQ(line.text.find('\n'), std::string::npos);
        EXPECT_FALSE(line.text.empty());
    }
    return found;
}

TEST(Log, TellsWhatItsLevelAsksFor) {
    std::vector<Line> lines;
    const auto keep = [&](involute_log_level level, const char *text) {
        lines.push_back({level, text});
    };
    {
        Logger logger;
        ASSERT_TRUE(logger.start(INVOLUTE_LOG_DEBUG, keep));
        create_all();
        EXPECT_EQ(count(lines, INVOLUTE_LOG_INFO), 2);  // the model, the session
        EXPECT_EQ(count(lines, INVOLUTE_LOG_DEBUG), 1); // the layer
        EXPECT_EQ(count(lines, INVOLUTE_LOG_ERROR), 0);
        lines.clear();
        ASSERT_TRUE(logger.start(INVOLUTE_LOG_WARNING, keep));
        create_all();
        EXPECT_TRUE(lines.empty());
    }
    create_all();
    EXPECT_TRUE(lines.empty()) << lines[0].text;
}

TEST(Log, FailuresAreThereWordForWord) {
    std::vector<Line> lines;
    Logger logger;
    ASSERT_TRUE(logger.start(INVOLUTE_LOG_ERROR, [&](involute_log_level level, const char *text) {
        lines.push_back({level, text});
    }));
    Weights weights;
    const auto opened = weights.open("/nowhere.safetensors");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].level, INVOLUTE_LOG_ERROR);
    EXPECT_EQ(lines[0].text, opened.message());
    // A question is no failure.
    EXPECT_NE(involute_isa_check(INVOLUTE_ISA_NEON).code, INVOLUTE_OK);
    EXPECT_EQ(lines.size(), 1u);
}

TEST(Log, RefusesLevelsThatAreNone) {
    const auto ignore = [](void *, involute_log_level, const char *) {};
    for (int level : {-1, 0, 5})
        EXPECT_EQ(involute_set_logger(ignore, nullptr, static_cast<involute_log_level>(level)).code,
                  INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_set_logger(nullptr, nullptr, static_cast<involute_log_level>(0)).code,
              INVOLUTE_OK);
}

TEST(Log, TheFunctionMayCallTheLibrary) {
    int calls = 0;
    Logger logger;
    ASSERT_TRUE(logger.start(INVOLUTE_LOG_DEBUG, [&](involute_log_level, const char *) {
        ++calls;
        create_all(); // not logged: it would never end
        EXPECT_EQ(involute_set_logger(nullptr, nullptr, INVOLUTE_LOG_ERROR).code,
                  INVOLUTE_INVALID_ARGUMENT); // it would wait for itself
    }));
    create_all();
    EXPECT_EQ(calls, 3);
}

// What a function uses may go once it was taken back, whoever is logging.
TEST(Log, MayBeExchangedWhileOthersWrite) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i) {
        writers.emplace_back([&] {
            Weights weights;
            while (!stop)
                EXPECT_FALSE(weights.open("/nowhere.safetensors"));
        });
    }
    int64_t written = 0;
    for (int round = 0; round < 200; ++round) {
        auto lines = std::make_unique<std::atomic<int64_t>>(0);
        {
            Logger logger;
            ASSERT_TRUE(logger.start(INVOLUTE_LOG_INFO,
                                     [&](involute_log_level, const char *) { ++*lines; }));
            if (round % 20 == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        written += lines->exchange(-1);
    }
    stop = true;
    for (std::thread &writer : writers)
        writer.join();
    EXPECT_GT(written, 0);
}

} // namespace
