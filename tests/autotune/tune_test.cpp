// `involute tune` and `involute wisdom`: what is found is kept, used and said; candidates that go
// wrong are rejected with their reason and harm nobody.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/autotune/tune_fixture.h"
#include "tools/tune_search.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

TEST_F(Tune, FindsAndKeeps) {
    const Answer answer = tune({"--effort", "exhaustive", "--report", path("search.html")});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_NE(read_file(path("search.html")).find("<svg"), std::string::npos);
    const json row = answer.json().at(0);
    EXPECT_EQ(row.at("points"), 10); // unroll_k 1, 2, 4, 8, 16 with and without prefetching
    EXPECT_EQ(row.at("trials"), 10);
    EXPECT_EQ(row.at("share"), 1);
    EXPECT_GT(row.at("hand_ms").get<double>(), 0);
    EXPECT_EQ(searched(trials()).size(), 10u);
    for (const autotune::Trial &trial : trials()) {
        if (trial.outcome == autotune::Outcome::kNoisy)
            continue; // on a busy machine
        EXPECT_EQ(trial.outcome, autotune::Outcome::kOk) << trial.reason;
        EXPECT_GT(trial.median, 0);
        EXPECT_LE(trial.quartile1, trial.median);
        EXPECT_LE(trial.median, trial.quartile3);
        EXPECT_LE(trial.minimum, trial.quartile1);
        EXPECT_GT(trial.build_seconds, 0);
        EXPECT_GT(trial.code_bytes, 100);
        EXPECT_LT(trial.worst_error, 1);
    }
    EXPECT_EQ(read_file(path("wisdom.json")), history().wisdom().text());
    const Answer listed = command({"wisdom", "list", "--wisdom", path("wisdom.json"), "--json"});
    ASSERT_EQ(listed.exit_code, 0) << listed.err;
    EXPECT_EQ(listed.json().size(), history().wisdom().entries.size());
    // Nothing of the candidates is left.
    for (const auto &entry : fs::directory_iterator(path("packs")))
        EXPECT_TRUE(entry.is_regular_file()) << entry.path();
}

TEST_F(Tune, ResumesWhereItEnded) {
    ASSERT_EQ(tune({"--trials", "4"}).exit_code, 0);
    const std::set<std::string> first = searched(trials());
    EXPECT_EQ(first.size(), 4u);
    const size_t before = trials().size();
    std::set<std::string> steady; // what was noisy on a busy machine is tried again
    for (const autotune::Trial &trial : trials())
        if (trial.outcome != autotune::Outcome::kNoisy)
            steady.insert(trial.knobs);
    const Answer again = tune({"--trials", "8", "--resume"});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(again.json().at(0).at("trials"), 8);
    EXPECT_GT(searched(trials()).size(), 4u);
    size_t repeated = 0;
    const std::vector<autotune::Trial> all = trials();
    for (size_t i = before; i < all.size(); ++i)
        repeated += all[i].stage == "search" ? steady.count(all[i].knobs) : 0;
    EXPECT_EQ(repeated, 0u);
}

TEST_F(Tune, ShardsTogetherAreTheWhole) {
    for (const char *shard : {"1", "2"}) {
        const Answer answer = tune({"--effort", "exhaustive", "--shard", std::string(shard) + "/2",
                                    "--history", path(std::string("part") + shard + ".sqlite")});
        ASSERT_EQ(answer.exit_code, 0) << answer.err;
        EXPECT_EQ(answer.json().at(0).at("trials"), 5);
    }
    const std::vector<autotune::Trial> one = trials("part1.sqlite"), two = trials("part2.sqlite");
    std::set<std::string> all = searched(one);
    for (const std::string &knobs : searched(two))
        EXPECT_TRUE(all.insert(knobs).second) << knobs << " is in both";
    EXPECT_EQ(all.size(), 10u);
    const std::vector<std::string> merge = {
        "wisdom",   "merge",         path("part1.sqlite"), path("part2.sqlite"),
        "--wisdom", path("all.json")};
    const Answer merged = command(merge);
    ASSERT_EQ(merged.exit_code, 0) << merged.err;
    EXPECT_EQ(merged.out, std::to_string(one.size() + two.size()) + " trials merged\n");
    EXPECT_EQ(command(merge).out, "0 trials merged\n");
    EXPECT_EQ(searched(trials("all.history.sqlite")).size(), 10u);
}

// tests/autotune/faulty_emit.sh says what is wrong with which point.
TEST_F(Tune, WhatGoesWrongIsRejectedWithItsReason) {
    const auto begin = std::chrono::steady_clock::now();
    const Answer answer = tune({"--effort", "exhaustive", "--build-time", "3s", "--build-memory",
                                "1024", "--run-time", "2s", "--run-memory", "1024"},
                               {{"INVOLUTE_EMIT", source_path("tests/autotune/faulty_emit.sh")},
                                {"REAL_EMIT", INVOLUTE_EMIT}});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    using autotune::Outcome;
    const struct {
        int prefetch, unroll;
        Outcome outcome;
        const char *reason;
    } planted[] = {
        {1, 1, Outcome::kCrashed, "signal 11"},   {1, 2, Outcome::kTimedOut, "stopped after 3 s"},
        {1, 8, Outcome::kOutOfMemory, "memory"},  {1, 16, Outcome::kCrashed, "signal 6"},
        {0, 1, Outcome::kWrong, "wrong: value"},  {0, 2, Outcome::kTimedOut, "stopped after 2 s"},
        {0, 4, Outcome::kCrashed, "signal 6"}, // malloc gives nothing any more
        {0, 8, Outcome::kNoisy, "its time jumps"}};
    for (const auto &fault : planted) {
        SCOPED_TRACE(std::to_string(fault.prefetch) + " " + std::to_string(fault.unroll));
        bool found = false;
        for (const autotune::Trial &trial : trials()) {
            const json knobs = json::parse(trial.knobs);
            if (trial.stage != "search" || knobs.at("prefetch") != fault.prefetch ||
                knobs.at("unroll_k") != fault.unroll)
                continue;
            found = true;
            EXPECT_EQ(autotune::outcome_name(trial.outcome),
                      std::string(autotune::outcome_name(fault.outcome)))
                << trial.reason;
            EXPECT_TRUE(trial.reason.find(fault.reason) != std::string::npos ||
                        trial.reason.find("the machine was disturbed") != std::string::npos)
                << trial.reason;
        }
        EXPECT_TRUE(found);
    }
    EXPECT_LT(seconds, 40);
    const autotune::Wisdom wisdom = history().wisdom();
    if (wisdom.entries.empty())
        return; // nothing was steady enough to be confirmed
    const autotune::Json &knobs = wisdom.entries.begin()->second.knobs;
    const bool is_sound = knobs.empty() ||
                          (knobs.at("prefetch") == 1 && knobs.at("unroll_k") == 4) ||
                          (knobs.at("prefetch") == 0 && knobs.at("unroll_k") == 16);
    EXPECT_TRUE(is_sound) << knobs;
}

TEST_F(Tune, TheTimeLimitHoldsWhateverCandidatesDo) {
    for (const char *knob : {"prefetch=1", "prefetch=0"}) {
        const auto begin = std::chrono::steady_clock::now();
        const Answer answer = tune({"--effort", "exhaustive", "--time-limit", "10s", "--knob", knob,
                                    "--knob", "unroll_k=2"},
                                   {{"INVOLUTE_EMIT", source_path("tests/autotune/faulty_emit.sh")},
                                    {"REAL_EMIT", INVOLUTE_EMIT}});
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        ASSERT_EQ(answer.exit_code, 0) << answer.err;
        EXPECT_LT(seconds, 10 * 1.1) << knob;
    }
}

TEST_F(Tune, PlacesThatCannotBeWrittenAreNamed) {
    write_file(path("file"), "");
    const Answer answer = tune({"--trials", "1", "--wisdom", path("file/wisdom.json")});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("file/wisdom"), std::string::npos) << answer.err;
    const Answer page = tune({"--trials", "1", "--report", path("file/page.html")});
    EXPECT_EQ(page.exit_code, 2);
    EXPECT_NE(page.err.find("file/page.html"), std::string::npos) << page.err;
    EXPECT_EQ(searched(trials()).size(), 1u) << "the trial is kept all the same";
}

TEST_F(Tune, AFullDiskLosesNothingThatWasCommitted) {
    const std::string disk = path("disk");
    fs::create_directories(disk);
    if (mount("none", disk.c_str(), "tmpfs", 0, "size=200k") != 0)
        GTEST_SKIP() << "a small disk cannot be mounted here";
    const std::vector<std::string> words = {"--effort", "exhaustive", "--wisdom",
                                            disk + "/wisdom.json"};
    const Answer answer = tune(words);
    EXPECT_EQ(answer.exit_code, 2) << answer.err;
    EXPECT_NE(answer.err.find("wisdom.history.sqlite"), std::string::npos) << answer.err;
    EXPECT_NE(answer.err.find("full"), std::string::npos) << answer.err;
    std::error_code ignored;
    fs::copy(disk, path("copy"), ignored);
    umount(disk.c_str());
    const std::vector<autotune::Trial> kept = trials("copy/wisdom.history.sqlite");
    EXPECT_GT(kept.size(), 0u);
    const Answer again =
        tune({"--effort", "exhaustive", "--resume", "--wisdom", path("copy/wisdom.json")});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(searched(trials("copy/wisdom.history.sqlite")).size(), 10u);
}

TEST_F(Tune, TheDryRunBuildsNothing) {
    const Answer answer = tune({"--dry-run"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const json row = answer.json().at(0);
    EXPECT_EQ(row.at("points"), 10);
    EXPECT_GT(row.at("expected_s").get<double>(), 0);
    EXPECT_EQ(row.at("knobs").at("unroll_k"), json({1, 2, 4, 8, 16}));
    EXPECT_FALSE(fs::exists(path("wisdom.history.sqlite")));
    EXPECT_FALSE(fs::exists(path("wisdom.json")));
}

TEST_F(Tune, WrongUseIsSaid) {
    const struct {
        std::vector<std::string> words;
        const char *said;
    } wrong[] = {
        {{"tune"}, "--model or --op"},
        {{"tune", "--op", "max_pool"}, "nothing"},
        {{"tune", "--op", "conv2d", "--effort", "much"}, "--effort: expected one of"},
        {{"tune", "--op", "conv2d", "--strategy", "luck"}, "--strategy: expected one of"},
        {{"tune", "--op", "conv2d", "--time-limit", "soon"}, "--time-limit"},
        {{"tune", "--op", "conv2d", "--shard", "3/2"}, "--shard"},
        {{"tune", "--op", "conv2d", "--knob", "tile"}, "--knob"},
        {{"tune", "--op", "conv2d", "--knob", "tail=1"}, "tail"},
        {{"wisdom", "list", "--wisdom", path("none.json")}, "none.json"},
        {{"wisdom", "export", "--wisdom", path("none.json")}, "there is no history"},
        {{"wisdom", "forget", "--wisdom", path("none.json")}, "--op NAME or --all"},
        {{"bench", "--op", "conv2d", "--schedule", "tuned", "--wisdom", source_path("README.md")},
         "README.md"}};
    for (const auto &[words, said] : wrong) {
        const Answer answer = command(words);
        EXPECT_EQ(answer.exit_code, 2) << words[1] << ": " << answer.err;
        EXPECT_NE(answer.err.find(said), std::string::npos) << answer.err;
    }
}

// The same candidates, counted instead of timed: exact, so that two searches agree in every figure.
TEST_F(Tune, InstructionsAreAnotherCost) {
    if (std::string(INVOLUTE_VALGRIND).empty())
        GTEST_SKIP() << "valgrind is not installed";
    const auto counted = [&](const std::string &name, const std::string &unroll) {
        const Answer answer = tune({"--cost", "instructions", "--effort", "exhaustive", "--knob",
                                    "prefetch=1", "--knob", unroll, "--history", path(name)});
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        EXPECT_EQ(answer.json().at(0).at("cost"), "instructions");
        const autotune::History opened = history(name);
        std::map<std::string, double> counts;
        for (const autotune::TuningKey &key : opened.keys())
            for (const autotune::Trial &trial : opened.trials(key, "instructions")) {
                EXPECT_EQ(trial.outcome, autotune::Outcome::kOk) << trial.reason;
                counts[trial.knobs] = trial.median;
            }
        return counts;
    };
    const std::map<std::string, double> first = counted("first.sqlite", "unroll_k=1|4");
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(*counted("second.sqlite", "unroll_k=1").begin(), *first.begin());
    // 8x8 pixels of 16 x 16 products in vectors of 4, and what is around them.
    for (const auto &[knobs, count] : first) {
        EXPECT_GT(count, 64 * 16 * 16 / 4) << knobs;
        EXPECT_LT(count, 2 * 64 * 16 * 16) << knobs;
    }
    EXPECT_NE(first.begin()->second, first.rbegin()->second) << "unrolling saves some";
    const Answer listed = command({"wisdom", "list", "--wisdom", path("wisdom.json"), "--json"});
    EXPECT_EQ(listed.json().at(0).at("cost"), "instructions");
}

// Halide's retraining loop: schedules of its own, checked and timed; nothing of it becomes wisdom.
TEST_F(Tune, Adams2019LearnsBesideOurStrategies) {
    if (involute_isa_check(INVOLUTE_ISA_AVX2).code != INVOLUTE_OK)
        GTEST_SKIP() << "no AVX2";
    const Answer answer = command({"tune", "--op", "conv2d", "--kernel", "1", "--channels", "32",
                                   "--size", "14x14", "--isa", "avx2", "--strategy", "adams2019",
                                   "--trials", "18", "--json", "--wisdom", path("wisdom.json")});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at(0).at("trials"), 18); // 16, a training, 2
    std::set<std::string> schedules;
    for (const autotune::Trial &trial : trials()) {
        EXPECT_EQ(trial.stage, "adams2019");
        EXPECT_EQ(trial.strategy, "adams2019");
        schedules.insert(trial.knobs);
    }
    EXPECT_EQ(schedules.size(), 18u);
    EXPECT_TRUE(history().wisdom().entries.empty());
}

TEST(TuneSearch, BatchesGrowToTheirLimitAndStayThere) {
    const size_t sizes[] = {2, 4, 8, 8, 8};
    for (size_t number = 0; number < 5; ++number)
        EXPECT_EQ(batch_size(number, 8), sizes[number]);
    EXPECT_EQ(batch_size(63, 8), 8u); // a search once ended here, because 2^64 is 0
    EXPECT_EQ(batch_size(1000, 8), 8u);
    EXPECT_EQ(batch_size(0, 1), 1u);
}

TEST(TuneSearch, LayersGetTrialsByTheirShare) {
    SearchSettings settings;
    settings.effort.trials = 48, settings.layers = 10;
    EXPECT_EQ(planned_trials(settings, 0.1, 100000), 48u);
    EXPECT_EQ(planned_trials(settings, 0.2, 100000), 96u);
    EXPECT_EQ(planned_trials(settings, 0.9, 100000), 144u); // at most three times as many
    EXPECT_EQ(planned_trials(settings, 0.001, 100000), 12u);
    EXPECT_EQ(planned_trials(settings, 0.1, 20), 20u);
    settings.effort.trials = 1;
    EXPECT_EQ(planned_trials(settings, 0.001, 100000), 1u);
    settings.effort.trials = 0; // exhaustive
    settings.shard = {1, 3};
    EXPECT_EQ(planned_trials(settings, 0.001, 10), 3u);
}

TEST_F(Tune, InterruptionsKeepEverything) {
    const pid_t child = start_tune(folder_, {"--trials", "12"});
    const std::string file = path("wisdom.history.sqlite");
    int64_t seen = 0;
    for (int i = 0; i < 200 && seen == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        try {
            seen = fs::exists(file) ? history().count() : 0;
        } catch (const std::runtime_error &) {
            // It is being made.
        }
    }
    ASSERT_GT(seen, 0);
    killpg(child, SIGINT); // as ctrl-C does, to all of them
    int state = 0;
    waitpid(child, &state, 0);
    EXPECT_TRUE(WIFSIGNALED(state) && WTERMSIG(state) == SIGINT) << state;
    EXPECT_GE(history().count(), seen);
    EXPECT_LT(searched(trials()).size(), 12u) << "the search was over before";
    for (const autotune::Trial &trial : trials())
        EXPECT_NE(trial.outcome, autotune::Outcome::kCrashed) << trial.reason;
    EXPECT_EQ(read_file(path("wisdom.json")), history().wisdom().text());
    EXPECT_NE(read_file(path("wisdom.json.err")).find("--resume"), std::string::npos);
}

TEST_F(Tune, TwoAtOnceLoseNothing) {
    const pid_t one = start_tune(folder_, {"--trials", "12"});
    const pid_t two = start_tune(folder_, {"--trials", "12"});
    for (const pid_t child : {one, two}) {
        int state = 0;
        waitpid(child, &state, 0);
        EXPECT_EQ(state, 0) << read_file(path("wisdom.json.err"));
    }
    size_t searching = 0;
    for (const autotune::Trial &trial : trials())
        searching += trial.stage == "search" ? 1 : 0;
    EXPECT_EQ(searching, 24u);
    EXPECT_EQ(read_file(path("wisdom.json")), history().wisdom().text());
}

} // namespace
} // namespace involute::test
