// Sweeps as text, replays of searches, and how soon a search finds good points of recorded sweeps.
#include "autotune/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "autotune/strategy.h"

namespace involute::autotune {
namespace {

const char *const kText = R"({"key": {"op":"involution","width":56},
"knobs": [{"name":"tile","values":[1,2,4]},{"name":"task","values":[0,3]}],
"usual": [2,0],
"points": [
[1,0,1.5],
[1,3,null],
[2,0,1.0],
[4,3,0.875]
]}
)";

TEST(Sweep, IsReadAndWritten) {
    const Sweep sweep = read_sweep(kText);
    ASSERT_EQ(sweep.space.size(), 4u);
    EXPECT_EQ(sweep.space.combinations(), 6u);
    EXPECT_EQ(sweep.space.usual(), 2u);
    EXPECT_EQ(sweep.space.index_of(Point{2, 3}), -1);
    EXPECT_EQ(sweep.costs,
              (std::vector<double>{1.5, std::numeric_limits<double>::infinity(), 1, 0.875}));
    EXPECT_EQ(sweep.best(), 0.875);
    EXPECT_EQ(sweep.key["op"], "involution");
    EXPECT_EQ(sweep_text(sweep), kText);
}

TEST(Sweep, RefusesWhatIsNone) {
    const auto changed = [](const std::string &from, const std::string &to) {
        std::string text = kText;
        return text.replace(text.find(from), from.size(), to);
    };
    EXPECT_NO_THROW(read_sweep(changed("[2,0,1.0]", "[2,0,1]")));
    for (const std::string &text :
         {std::string("no"), std::string("[]"), std::string("{}"), changed("1.5", "0"),
          changed("1.5", "\"1\""), changed("1.5", "-1"), changed("[1,0,", "[0,"),
          changed("[1,0,", "[3,0,"), changed("[1,3,", "[1,0,"), changed("[1,0,", "[1.0,0,"),
          changed("[2,0]", "[2,3]"), changed("[2,0]", "[2]"), changed("\"key\"", "\"kye\""),
          changed("{\"op\":\"involution\",\"width\":56}", "3"), changed("[1,2,4]", "[2,1,4]"),
          changed("\"tile\"", "3"), changed("[1,2,4]", "[1,2,99999999999]")})
        EXPECT_THROW(read_sweep(text), std::invalid_argument) << text;
}

TEST(Replay, KeepsTheBestCost) {
    const Sweep sweep = read_sweep(kText);
    const Replay replay = autotune::replay(sweep, "exhaustive", 0, 100, 3);
    EXPECT_EQ(replay.best, (std::vector<double>{1, 1, 1, 0.875})); // the usual point first
    EXPECT_EQ(replay.trials_to(1), 1u);
    EXPECT_EQ(replay.trials_to(0.9), 4u);
    EXPECT_EQ(replay.trials_to(0.8), 0u);
    EXPECT_EQ(autotune::replay(sweep, "model", 0, 3, 2).best.size(), 3u);
}

TEST(Replay, OfRecordedSweepsFindsGoodPointsSoon) {
    const std::filesystem::path folder = INVOLUTE_SOURCE_DIR "/tests/autotune/sweeps";
    std::vector<std::filesystem::path> paths;
    if (std::filesystem::is_directory(folder)) {
        for (const auto &entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() == ".json")
                paths.push_back(entry.path());
        }
    }
    if (paths.empty())
        GTEST_SKIP() << "no recorded sweeps in " << folder;
    std::sort(paths.begin(), paths.end());
    for (const std::filesystem::path &path : paths) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        const Sweep sweep = read_sweep(text.str());
        const size_t trials = sweep.space.size() / 20;
        const double good = sweep.best() / 0.98;
        const auto seeds = [&](const std::string &strategy) {
            int reached = 0;
            for (uint64_t seed = 0; seed < 20; ++seed)
                reached += replay(sweep, strategy, seed, trials, 8).trials_to(good) > 0;
            return reached;
        };
        const int model = seeds(strategy_names().front());
        std::printf("%s: %zu points, %zu trials: %s %d of 20 seeds, random %d\n",
                    path.stem().c_str(), sweep.space.size(), trials,
                    strategy_names().front().c_str(), model, seeds("random"));
        EXPECT_GE(model, 18) << path;
    }
}

} // namespace
} // namespace involute::autotune
