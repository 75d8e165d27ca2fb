// What every strategy keeps to, what each is for, and how soon the model finds good points.
#include "autotune/strategy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

#include "tests/autotune/landscapes.h"

namespace involute::autotune {
namespace {

constexpr double kRejected = std::numeric_limits<double>::infinity();

KnobSpace space_of(const std::vector<int> &sizes) {
    std::vector<KnobRange> knobs;
    for (size_t k = 0; k < sizes.size(); ++k) {
        std::vector<int> values(static_cast<size_t>(sizes[k]));
        std::iota(values.begin(), values.end(), 0);
        knobs.push_back({"k" + std::to_string(k), values, "", true});
    }
    return KnobSpace(
        knobs, [](const Point &) { return std::string(); }, Point(sizes.size(), 1));
}

double bowl(const KnobSpace &space, size_t index) {
    double cost = 1;
    for (int value : space.point(index))
        cost += 0.1 * (value - 2) * (value - 2);
    return cost;
}

// All proposals of a search, told in batches.
std::vector<size_t> search(Strategy &strategy, const KnobSpace &space, size_t batch, size_t most) {
    std::vector<size_t> all;
    while (all.size() < most) {
        const std::vector<size_t> points = strategy.propose(std::min(batch, most - all.size()));
        if (points.empty())
            break;
        for (size_t point : points) {
            strategy.tell(point, point % 7 == 3 ? kRejected : bowl(space, point));
            all.push_back(point);
        }
    }
    return all;
}

class EveryStrategy : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Strategies, EveryStrategy, testing::ValuesIn(strategy_names()),
                         [](const auto &info) { return info.param; });

TEST_P(EveryStrategy, ProposesEachPointOnce) {
    const KnobSpace space = space_of({5, 4, 6});
    for (const size_t batch : {1, 7, 500}) {
        const auto strategy = make_strategy(GetParam(), space, {17, 3, 17}, 1);
        const std::vector<size_t> all = search(*strategy, space, batch, 1000);
        EXPECT_EQ(all.size(), space.size());
        EXPECT_EQ(std::set<size_t>(all.begin(), all.end()).size(), space.size());
        const size_t first = GetParam() == "model" ? 1 : 0; // after the usual point
        EXPECT_EQ(all[first], 17u);
        EXPECT_EQ(all[first + 1], 3u);
        EXPECT_TRUE(strategy->propose(5).empty());
    }
}

TEST_P(EveryStrategy, TakesASpaceOfOnePoint) {
    const KnobSpace space = space_of({});
    const auto strategy = make_strategy(GetParam(), space, {0}, 1);
    EXPECT_EQ(search(*strategy, space, 8, 8), (std::vector<size_t>{0}));
}

TEST_P(EveryStrategy, ShardsAreTheSpace) {
    const KnobSpace space = space_of({5, 4, 6});
    std::set<size_t> points;
    for (size_t index = 0; index < 7; ++index) {
        const auto strategy = make_strategy(GetParam(), space, {8, 14, 2}, 1, {index, 7});
        for (size_t point : search(*strategy, space, 4, 1000)) {
            EXPECT_EQ(point % 7, index);
            EXPECT_TRUE(points.insert(point).second);
        }
    }
    EXPECT_EQ(points.size(), space.size());
}

TEST_P(EveryStrategy, SameSeedAndCostsSameProposals) {
    const KnobSpace space = space_of({8, 7, 6});
    const auto run = [&](uint64_t seed) {
        const auto strategy = make_strategy(GetParam(), space, {}, seed);
        return search(*strategy, space, 8, 60);
    };
    EXPECT_EQ(run(5), run(5));
    EXPECT_EQ(run(5) == run(6), GetParam() == "exhaustive");
}

TEST_P(EveryStrategy, PassesOverWhatItWasTold) {
    const KnobSpace space = space_of({5, 4, 6});
    const auto strategy = make_strategy(GetParam(), space, {10, 11}, 3);
    for (size_t point = 0; point < 100; ++point)
        strategy->tell(point, point == 50 ? kRejected : bowl(space, point));
    strategy->tell(50, 2.0); // the later counts
    const std::vector<size_t> all = search(*strategy, space, 3, 1000);
    EXPECT_EQ(all.size(), 20u);
    EXPECT_GE(*std::min_element(all.begin(), all.end()), 100u);
}

TEST_P(EveryStrategy, WaitsForNoCosts) {
    const KnobSpace space = space_of({5, 4, 6});
    const auto strategy = make_strategy(GetParam(), space, {}, 3);
    std::set<size_t> points;
    for (int round = 0; round < 30; ++round) {
        for (size_t point : strategy->propose(4))
            EXPECT_TRUE(points.insert(point).second);
    }
    EXPECT_EQ(points.size(), space.size());
    EXPECT_TRUE(strategy->propose(1).empty());
}

TEST_P(EveryStrategy, BearsThatAllIsRejected) {
    const KnobSpace space = space_of({5, 4, 6});
    const auto strategy = make_strategy(GetParam(), space, {}, 3);
    size_t count = 0;
    for (std::vector<size_t> points = strategy->propose(8); !points.empty();
         points = strategy->propose(8)) {
        count += points.size();
        for (size_t point : points)
            strategy->tell(point, kRejected);
    }
    EXPECT_EQ(count, space.size());
}

TEST_P(EveryStrategy, RefusesWhatIsNoCost) {
    const KnobSpace space = space_of({5, 4, 6});
    const auto strategy = make_strategy(GetParam(), space, {}, 3);
    EXPECT_THROW(strategy->tell(120, 1), std::invalid_argument);
    EXPECT_THROW(strategy->tell(0, 0), std::invalid_argument);
    EXPECT_THROW(strategy->tell(0, -1), std::invalid_argument);
    EXPECT_THROW(strategy->tell(0, std::nan("")), std::invalid_argument);
    EXPECT_THROW(make_strategy(GetParam(), space, {120}, 3), std::invalid_argument);
    EXPECT_THROW(make_strategy(GetParam(), space, {}, 3, {2, 2}), std::invalid_argument);
    EXPECT_THROW(make_strategy(GetParam(), space, {}, 3, {0, 0}), std::invalid_argument);
    EXPECT_TRUE(strategy->propose(0).empty());
}

TEST(Strategy, HasNames) {
    EXPECT_EQ(strategy_names(), (std::vector<std::string>{"model", "random", "exhaustive"}));
    EXPECT_THROW(make_strategy("simplex", space_of({2}), {}, 0), std::invalid_argument);
}

TEST(Exhaustive, GoesThroughTheNumbers) {
    const KnobSpace space = space_of({3, 2});
    EXPECT_EQ(make_strategy("exhaustive", space, {4}, 9)->propose(100),
              (std::vector<size_t>{4, 0, 1, 2, 3, 5}));
}

// Recorded, so that another compiler or library shows.
TEST(Random, IsTheSameEverywhere) {
    const KnobSpace space = space_of({10, 10, 10});
    EXPECT_EQ(make_strategy("random", space, {}, 1)->propose(8),
              (std::vector<size_t>{465, 242, 582, 627, 205, 38, 55, 781}));
}

TEST(Random, DrawsAllPermutationsAlike) {
    const KnobSpace space = space_of({3, 2});
    std::vector<int> counts(36, 0); // of pairs of the first two points
    constexpr int kDraws = 6000;
    for (uint64_t seed = 0; seed < kDraws; ++seed) {
        const std::vector<size_t> two = make_strategy("random", space, {}, seed)->propose(2);
        ++counts[two[0] * 6 + two[1]];
    }
    double chi_square = 0;
    for (size_t pair = 0; pair < counts.size(); ++pair) {
        const double expected = pair / 6 == pair % 6 ? 0 : kDraws / 30.0;
        if (expected == 0)
            EXPECT_EQ(counts[pair], 0);
        else
            chi_square += std::pow(counts[pair] - expected, 2) / expected;
    }
    EXPECT_LT(chi_square, 58.3); // 29 degrees of freedom: one in a thousand is above
}

TEST(Model, TriesTheUsualPointFirst) {
    const KnobSpace space = space_of({5, 4, 6});
    EXPECT_EQ(make_strategy("model", space, {7}, 1)->propose(2),
              (std::vector<size_t>{space.usual(), 7}));
}

TEST(Model, FindsGoodPointsSoon) {
    for (const Landscape &landscape : landscapes()) {
        const Sweep &sweep = landscape.sweep;
        const size_t trials = sweep.space.size() / 20;
        EXPECT_GE(sweep.space.size(), 1000u);
        EXPECT_LE(sweep.space.size(), 3000u);
        int model = 0, random = 0;
        for (uint64_t seed = 0; seed < 20; ++seed) {
            const double good = sweep.best() / 0.98;
            model += replay(sweep, "model", seed, trials, 8).trials_to(good) > 0;
            random += replay(sweep, "random", seed, trials, 8).trials_to(good) > 0;
        }
        std::printf("%-20s %zu points, %zu trials: model %d of 20 seeds, random %d\n",
                    landscape.name.c_str(), sweep.space.size(), trials, model, random);
        EXPECT_GE(model, 18) << landscape.name;
    }
}

// Seconds of a proposal after a long search, where each is told before the next.
double seconds_of_proposal(const KnobSpace &space, size_t proposals) {
    const auto strategy = make_strategy("model", space, {}, 1);
    search(*strategy, space, 50, 400);
    const auto start = std::chrono::steady_clock::now();
    search(*strategy, space, 1, proposals);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    return passed.count() / static_cast<double>(proposals);
}

TEST(Model, ProposesQuickly) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizers take most of the time";
#endif
    const double small = seconds_of_proposal(space_of({10, 10, 5, 4}), 20);
    const double large = seconds_of_proposal(space_of({20, 20, 10, 10, 5}), 3);
    std::printf("a proposal of 2,000 points: %.1f ms, of 200,000: %.0f ms\n", small * 1e3,
                large * 1e3);
    EXPECT_LT(small, 0.05);
    EXPECT_LT(large, 1);
}

} // namespace
} // namespace involute::autotune
