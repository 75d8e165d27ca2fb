// What is done with wisdom: rows of `bench` say which they used, networks have the last word,
// compiled libraries take it, others get it.
#include <cstdlib>

#include "autotune/spaces.h"
#include "tests/autotune/tune_fixture.h"
#include "tools/contest.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using TunedUse = Tune;

// Rows of `bench` say where their knobs come from.
TEST_F(TunedUse, BenchSaysWhatWisdomItUsed) {
    // Knobs that differ from the hand schedule's.
    BenchCase which;
    which.description = {{"kind", "conv2d"}, {"kernel", 1}, {"channels", 16}};
    which.size = {8, 8}, which.isa = INVOLUTE_ISA_BASELINE;
    const Plan plan = plan_of(which);
    ASSERT_EQ(plan.failure, "");
    const autotune::TuningKey key = tuning_key(plan.session.at("layers")[0], plan.session);
    const autotune::KnobSpace space = autotune::space_of(key);
    autotune::Wisdom wisdom;
    wisdom.header = wisdom_header();
    wisdom.entries[key] = {space.json(space.point(space.size() - 1)), "time"};
    write_file(path("wisdom.json"), wisdom.text());
    const auto bench = [&](const std::string &size, const std::string &channels) {
        const Answer answer = command({"bench",
                                       "--op",
                                       "conv2d",
                                       "--kernel",
                                       "1",
                                       "--channels",
                                       channels,
                                       "--size",
                                       size,
                                       "--isa",
                                       "baseline",
                                       "--threads",
                                       "1",
                                       "--schedule",
                                       "tuned",
                                       "--wisdom",
                                       path("wisdom.json"),
                                       "--iterations",
                                       "3",
                                       "--json"});
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        return answer.json().at(0);
    };
    const json exact = bench("8x8", "16");
    EXPECT_EQ(exact.at("wisdom"), "exact");
    EXPECT_EQ(exact.at("wisdom_layers"), json({{"exact", 1}, {"nearest", 0}, {"none", 0}}));
    EXPECT_NE(exact.at("command").get<std::string>().find("--wisdom"), std::string::npos);
    EXPECT_EQ(bench("8x16", "16").at("wisdom"), "nearest");
    EXPECT_EQ(bench("56x56", "64").at("wisdom"), "none");
    const Answer hand =
        command({"bench", "--op", "conv2d", "--kernel", "1", "--channels", "16", "--size", "8x8",
                 "--isa", "baseline", "--iterations", "3", "--json"});
    EXPECT_EQ(hand.json().at(0).at("wisdom"), "none");
}

// Generic rows are slow; a tuned layer gets a row for itself, and is faster by that alone.
TEST_F(TunedUse, LayersOfGenericRowsGetRowsOfTheirOwn) {
    const std::vector<std::string> layer = {"--op",
                                            "aggregation",
                                            "--kernel",
                                            "5",
                                            "--isa",
                                            "baseline",
                                            "--channels",
                                            "32",
                                            "--size",
                                            "14x14",
                                            "--group-channels",
                                            "8",
                                            "--threads",
                                            "1",
                                            "--json",
                                            "--wisdom",
                                            path("wisdom.json")};
    std::vector<std::string> words = {"tune", "--trials", "3"};
    words.insert(words.end(), layer.begin(), layer.end());
    words.push_back("--resume");
    autotune::Wisdom wisdom;
    for (int i = 0; i < 5 && wisdom.entries.empty(); ++i) { // all may be noisy on a busy machine
        const Answer answer = command(words);
        ASSERT_EQ(answer.exit_code, 0) << answer.err;
        wisdom = history().wisdom();
    }
    ASSERT_EQ(wisdom.entries.size(), 1u);
    EXPECT_FALSE(wisdom.entries.begin()->first.generic);
    EXPECT_FALSE(wisdom.entries.begin()->second.knobs.empty());
    words = {"bench", "--schedule", "tuned", "--iterations", "3"};
    words.insert(words.end(), layer.begin(), layer.end());
    const Answer row = command(words);
    ASSERT_EQ(row.exit_code, 0) << row.err;
    EXPECT_EQ(row.json().at(0).at("wisdom"), "exact");
}

TEST_F(TunedUse, NetworksHaveTheLastWord) {
    write_file(path("small.json"), R"({"kind": "rednet", "blocks": [1, 1, 1, 1], "classes": 10,
                                       "base_channels": 16, "stem_channels": 32})");
    const std::vector<std::string> words = {
        "tune",      "--model", path("small.json"), "--size", "32x32",    "--isa",
        "baseline",  "--json",  "--trials",         "1",      "--wisdom", path("wisdom.json"),
        "--threads", "1",       "--rounds",         "4"};
    const Answer answer = command(words);
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const json rows = answer.json();
    ASSERT_GT(rows.size(), 5u);
    double shares = 0;
    for (size_t i = 0; i + 1 < rows.size(); ++i)
        shares += rows[i].at("share").get<double>();
    EXPECT_GT(shares, 0.3);
    EXPECT_LT(shares, 1.0001);
    const json network = rows.back();
    EXPECT_EQ(network.at("network"), path("small.json"));
    EXPECT_TRUE(network.at("failure").is_null()) << network;
    EXPECT_GE(trials().size(), rows.size() - 1);
    EXPECT_EQ(read_file(path("wisdom.json")), history().wisdom().text());
    if (network.at("won") == false) {
        for (const auto &[key, entry] : history().wisdom().entries)
            EXPECT_TRUE(entry.knobs.empty()) << "the old wisdom is kept";
    }
}

// A library with the numbers of wisdom computes the same.
TEST_F(TunedUse, CompiledLibrariesTakeWisdom) {
    autotune::Wisdom wisdom;
    wisdom.header = wisdom_header();
    BenchCase which;
    which.model = "rednet-digits", which.isa = INVOLUTE_ISA_BASELINE;
    which.size = {32, 32};
    const Plan plan = plan_of(which);
    ASSERT_EQ(plan.failure, "");
    for (const Json &layer : plan.session.at("layers")) {
        const autotune::TuningKey key = tuning_key(layer, plan.session);
        if (autotune::why_untunable(key).empty() && key.op == "involution") {
            const autotune::KnobSpace space = autotune::space_of(key);
            wisdom.entries[key] = {space.json(space.point(space.size() / 2)), "time"};
        }
    }
    ASSERT_GT(wisdom.entries.size(), 2u);
    write_file(path("wisdom.json"), wisdom.text());
    write_file(path("main.c"), R"(#include "digits.h"
#include <stdio.h>
int main(void) {
    static float picture[32 * 32 * 3], logits[10];
    digits_options options = {0};
    digits_state *state = NULL;
    for (int i = 0; i < 32 * 32 * 3; i++) picture[i] = (float)(i % 17) / 8 - 1;
    options.batch = options.threads = 1;
    if (digits_create(&options, &state) != 0 || digits_run(state, picture, logits) != 0) return 1;
    for (int i = 0; i < 10; i++) printf("%a\n", (double)logits[i]);
    return 0;
})");
    const auto logits = [&](const std::string &schedule) {
        const std::string folder = path(schedule);
        const Answer answer =
            command({"compile", "--model", "rednet-digits", "--target", "x86-64-linux",
                     "--schedule", schedule, "--wisdom", path("wisdom.json"), "--embed", "--name",
                     "digits", "-o", folder});
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        const std::string said = std::to_string(wisdom.entries.size()) + " kernels with wisdom";
        EXPECT_EQ(answer.err.find(said) != std::string::npos, schedule == "tuned") << answer.err;
        const std::string build = "cc -std=c11 -I" + folder + " " + path("main.c") + " " + folder +
                                  "/libdigits.a -pthread -lm -o " + folder + "/main && " + folder +
                                  "/main > " + folder + "/logits";
        EXPECT_EQ(std::system(build.c_str()), 0);
        return read_file(folder + "/logits");
    };
    const std::string by_hand = logits("hand");
    EXPECT_GT(by_hand.size(), 50u);
    EXPECT_EQ(logits("tuned"), by_hand);
    EXPECT_NE(read_file(path("tuned/libdigits.a")).find("involution_k7_s1_t"), std::string::npos);
    EXPECT_EQ(read_file(path("hand/libdigits.a")).find("involution_k7_s1_t"), std::string::npos);
}

TEST_F(TunedUse, WisdomIsPassedOnAndForgotten) {
    ASSERT_EQ(tune({"--trials", "2"}).exit_code, 0);
    const std::string other = path("other/wisdom.json");
    const Answer imported = command({"wisdom", "import", path("wisdom.json"), "--wisdom", other});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_EQ(read_file(other), read_file(path("wisdom.json")));
    const Answer exported = command({"wisdom", "export", "--wisdom", other});
    EXPECT_EQ(exported.out, read_file(other));
    // All or nothing: the second file is damaged.
    const std::string damaged = path("damaged.json");
    write_file(damaged, exported.out.substr(0, exported.out.size() / 2));
    const std::string fresh = path("fresh/wisdom.json");
    const Answer refused =
        command({"wisdom", "import", path("wisdom.json"), damaged, "--wisdom", fresh});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_NE(refused.err.find("damaged.json"), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(fresh));
    const Answer forgotten = command({"wisdom", "forget", "--op", "conv2d", "--wisdom", other});
    ASSERT_EQ(forgotten.exit_code, 0) << forgotten.err;
    EXPECT_EQ(command({"wisdom", "list", "--wisdom", other}).out, "no wisdom\n");
}

} // namespace
} // namespace involute::test
