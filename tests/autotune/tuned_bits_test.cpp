// Tuning changes no bit: a whole network with other numbers in every layer that has any.
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "autotune/spaces.h"
#include "tests/cli/command.h"
#include "tests/cli/tensor_file.h"
#include "tools/contest.h"
#include "tools/tuned_layers.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;

// Any legal knobs that are not the hand schedule's.
autotune::Json other_knobs(const autotune::TuningKey &key, std::mt19937_64 *random) {
    const autotune::KnobSpace space = autotune::space_of(key);
    size_t index = space.usual();
    while (index == space.usual() && space.size() > 1)
        index = (*random)() % space.size();
    return space.json(space.point(index));
}

TEST(TunedBits, RedNet26HasTheSameLogitsWithAnyKnobs) {
    const std::string folder = temporary_path("bits." + std::to_string(getpid()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    BenchCase which;
    which.model = "rednet26", which.weights = "synthetic:0", which.size = {64, 64};
    which.isa = involute_isa_best(nullptr, 0);
    const Plan plan = plan_of(which);
    ASSERT_EQ(plan.failure, "");
    std::mt19937_64 random(26);
    autotune::Wisdom wisdom;
    wisdom.header = wisdom_header();
    for (const Json &layer : plan.session.at("layers")) {
        const autotune::TuningKey key = tuning_key(layer, plan.session);
        if (autotune::why_untunable(key).empty() && wisdom.entries.count(key) == 0)
            wisdom.entries[key] = {other_knobs(key, &random), "time"};
    }
    EXPECT_GT(wisdom.entries.size(), 20u);
    write_file(folder + "/wisdom.json", wisdom.text());

    std::vector<float> input(3 * 64 * 64);
    for (float &value : input)
        value = static_cast<float>(random() % 2001) / 1000 - 1;
    write_tensor_file(folder + "/in.safetensors", "input", {1, 3, 64, 64}, input);
    const auto logits = [&](const std::vector<std::string> &more) {
        const std::string out = folder + "/out.safetensors";
        std::vector<std::string> words = {
            "run",      "--model", "rednet26",  "--tensor", folder + "/in.safetensors",
            "--output", out,       "--threads", "2"};
        words.insert(words.end(), more.begin(), more.end());
        const Answer answer = run_command(words, {{"INVOLUTE_PACKS", folder + "/packs"}});
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        return read_file(out);
    };
    const std::string by_hand = logits({});
    EXPECT_GT(by_hand.size(), 4000u);
    // Wisdom of one thread is the nearest for two.
    EXPECT_EQ(logits({"--schedule", "tuned", "--wisdom", folder + "/wisdom.json"}), by_hand);
    size_t packs = 0;
    for (const auto &entry : fs::directory_iterator(folder + "/packs"))
        packs += entry.path().extension() == ".so" ? 1 : 0;
    EXPECT_GE(packs, wisdom.entries.size());
    fs::remove_all(folder);
}

} // namespace
} // namespace involute::test
