// Histories: what is added is read back, wisdom is a function of the set of rows, merging is a
// union, forgetting.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "autotune/history.h"
#include "tests/autotune/store_fixtures.h"

namespace involute::autotune {
namespace {

std::string knobs_of(int tile) {
    return "{\"tile\":" + std::to_string(tile) + "}";
}

Trial confirmed(int tile, double ratio) {
    Trial trial;
    trial.knobs = knobs_of(tile);
    trial.stage = "confirm";
    trial.ratio = ratio;
    return trial;
}

class HistoryTest : public ::testing::Test {
protected:
    Folder folder{memory()};
    History history = open("h");

    History open(const std::string &name, const WisdomHeader &header = some_header(),
                 bool read_only = false) const {
        return History::open(folder / name, header, read_only);
    }
    std::string best(const History &of, const TuningKey &key = some_key()) const {
        const Wisdom wisdom = of.wisdom();
        const auto entry = wisdom.entries.find(key);
        return entry == wisdom.entries.end() ? "none" : entry->second.knobs.dump();
    }
    std::string best() const {
        return best(history);
    }
    void check_network(int tile, bool won) {
        history.add({"rednet50", won ? 0.9 : 1.1, won, {{some_key(), knobs_of(tile)}}});
    }
};

TEST_F(HistoryTest, TrialsAreReadBack) {
    Trial trial = confirmed(6, 0.75);
    trial.outcome = Outcome::kWrong;
    trial.reason = std::string("bytes \0 \xff \"'; DROP TABLE trials; --", 36);
    trial.minimum = 1;
    trial.quartile1 = 2;
    trial.median = 3;
    trial.quartile3 = 4;
    trial.incumbent = 5;
    trial.worst_error = std::numeric_limits<double>::quiet_NaN();
    trial.build_seconds = std::numeric_limits<double>::infinity();
    trial.code_bytes = int64_t{1} << 40;
    trial.strategy = "model";
    trial.seed = std::numeric_limits<uint64_t>::max();
    history.add(some_key(), "time", trial);
    history.add(some_key(), "time", confirmed(7, 0.5));
    history.add(some_key(), "cycles", confirmed(8, 0.5));
    history.add(some_point(), "time", confirmed(9, 0.5));

    const std::vector<Trial> read = open("h").trials(some_key(), "time");
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].knobs, trial.knobs);
    EXPECT_EQ(read[0].stage, "confirm");
    EXPECT_EQ(read[0].outcome, Outcome::kWrong);
    EXPECT_EQ(read[0].reason, trial.reason);
    EXPECT_EQ(read[0].minimum, 1);
    EXPECT_EQ(read[0].quartile1, 2);
    EXPECT_EQ(read[0].median, 3);
    EXPECT_EQ(read[0].quartile3, 4);
    EXPECT_EQ(read[0].incumbent, 5);
    EXPECT_EQ(read[0].ratio, 0.75);
    EXPECT_TRUE(std::isnan(read[0].worst_error));
    EXPECT_EQ(read[0].build_seconds, trial.build_seconds);
    EXPECT_EQ(read[0].code_bytes, trial.code_bytes);
    EXPECT_EQ(read[0].strategy, "model");
    EXPECT_EQ(read[0].seed, trial.seed);
    EXPECT_EQ(read[1].knobs, knobs_of(7));
    EXPECT_EQ(history.count(), 4);
    EXPECT_EQ(history.keys(), (std::vector<TuningKey>{some_point(), some_key()}));
}

TEST_F(HistoryTest, EveryOutcomeIsReadBack) {
    for (int number = 0; number <= static_cast<int>(Outcome::kFailed); ++number) {
        Trial trial;
        trial.knobs = "{}";
        trial.outcome = static_cast<Outcome>(number);
        history.add(some_key(), "time", trial);
    }
    const std::vector<Trial> read = history.trials(some_key(), "time");
    for (size_t number = 0; number < read.size(); ++number)
        EXPECT_EQ(read[number].outcome, static_cast<Outcome>(number));
    EXPECT_EQ(read.size(), 9u);
}

TEST_F(HistoryTest, RefusesWhatIsNoTrial) {
    const auto refused = [&](const TuningKey &key, const std::string &cost, const Trial &trial) {
        return !message_of<std::invalid_argument>([&] { history.add(key, cost, trial); }).empty();
    };
    for (const char *knobs : {"", "{", "[]", "1", "{\"tile\": 6}", "{\"b\":1,\"a\":2}",
                              "{\"a\":1,\"a\":1}", "{\"a\":1.5}", "{\"a\":\"b\"}"}) {
        Trial trial;
        trial.knobs = knobs;
        EXPECT_TRUE(refused(some_key(), "time", trial)) << knobs;
    }
    EXPECT_TRUE(refused(some_key(), "", confirmed(1, 1)));
    TuningKey key = some_key();
    key.op = "unknown";
    EXPECT_TRUE(refused(key, "time", confirmed(1, 1)));
    EXPECT_EQ(history.count(), 0);
    EXPECT_TRUE(history.trials(key, "time").empty());
}

TEST_F(HistoryTest, OtherHeadersTrialsAreNotSeen) {
    history.add(some_key(), "time", confirmed(6, 0.5));
    WisdomHeader halide = some_header(), family = some_header(), hash = some_header();
    halide.halide = "22.0.0";
    family.cpu_family = "authenticamd-25-1";
    hash.ops["involution"] = "other";
    for (const WisdomHeader &header : {halide, family, hash}) {
        History other = open("h", header);
        EXPECT_TRUE(other.trials(some_key(), "time").empty());
        EXPECT_TRUE(other.keys().empty());
        EXPECT_EQ(best(other), "none");
        EXPECT_GT(other.count(), 0);
        other.add(some_key(), "time", confirmed(7, 0.4));
        EXPECT_EQ(best(other), knobs_of(7));
    }
    EXPECT_EQ(best(), knobs_of(6));
    EXPECT_EQ(history.wisdom().header.ops, some_header().ops);
}

TEST_F(HistoryTest, TheSmallestMedianWins) {
    for (const double ratio : {0.6, 0.9, 0.9})
        history.add(some_key(), "time", confirmed(1, ratio));
    EXPECT_EQ(best(), knobs_of(1));
    for (const double ratio : {0.7, 0.8, 0.85, 0.99})
        history.add(some_key(), "time", confirmed(2, ratio));
    EXPECT_EQ(best(), knobs_of(2));
    history.add(some_key(), "time", confirmed(2, 0.99)); // its median is 0.85 now
    history.add(some_key(), "time", confirmed(10, 0.85));
    EXPECT_EQ(best(), knobs_of(10)); // the first by text
}

TEST_F(HistoryTest, WhatIsNotConfirmedDoesNotWin) {
    Trial trial = confirmed(1, 0.1);
    trial.stage = "search";
    history.add(some_key(), "time", trial);
    trial = confirmed(2, 0.1);
    trial.outcome = Outcome::kNoisy;
    history.add(some_key(), "time", trial);
    for (const double ratio : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()})
        history.add(some_key(), "time", confirmed(3, ratio));
    EXPECT_EQ(best(), "none");
    history.add(some_key(), "time", confirmed(4, 0.99));
    EXPECT_EQ(best(), "{}"); // no gain
    history.add(some_key(), "time", confirmed(5, 0.98));
    EXPECT_EQ(best(), knobs_of(5));
}

TEST_F(HistoryTest, WrongKnobsArePassedOver) {
    history.add(some_key(), "time", confirmed(5, 0.9));
    for (const Outcome outcome : {Outcome::kWrong, Outcome::kChanged, Outcome::kCrashed}) {
        const int tile = 10 + static_cast<int>(outcome);
        history.add(some_key(), "time", confirmed(tile, 0.5));
        EXPECT_EQ(best(), knobs_of(tile));
        Trial trial = confirmed(tile, 0.5);
        trial.stage = "search";
        trial.outcome = outcome;
        history.add(some_key(), "cycles", trial);
        EXPECT_EQ(best(), knobs_of(5));
    }
}

TEST_F(HistoryTest, NetworkChecksAreVotes) {
    history.add(some_key(), "time", confirmed(1, 0.5));
    history.add(some_key(), "time", confirmed(2, 0.7));
    check_network(1, false);
    EXPECT_EQ(best(), knobs_of(2));
    check_network(1, true);
    EXPECT_EQ(best(), knobs_of(1)); // one each
    check_network(1, false);
    check_network(2, false);
    EXPECT_EQ(best(), "{}");
}

TEST_F(HistoryTest, TimeCountsBeforeOtherCosts) {
    history.add(some_key(), "instructions", confirmed(1, 0.2));
    history.add(some_key(), "cycles", confirmed(2, 0.3));
    EXPECT_EQ(history.wisdom().entries.at(some_key()).cost, "cycles");
    history.add(some_key(), "time", confirmed(3, 0.9));
    EXPECT_EQ(best(), knobs_of(3));
    EXPECT_EQ(history.wisdom().entries.at(some_key()).cost, "time");
}

TEST_F(HistoryTest, ImportsCountWhereNothingWasConfirmed) {
    Wisdom imported;
    imported.header = some_header();
    imported.entries[some_key()] = {{{"tile", 8}}, "time"};
    imported.entries[some_point()] = {Json::object(), "cycles"};
    history.add(imported);
    history.add(imported);
    EXPECT_EQ(history.wisdom().text(), imported.text());
    EXPECT_EQ(history.count(), 0);
    EXPECT_TRUE(history.keys().empty());

    check_network(8, false);
    EXPECT_EQ(best(), "none");
    history.add(some_key(), "time", confirmed(1, 0.5));
    EXPECT_EQ(best(), knobs_of(1));

    imported.header.cpu_family = "authenticamd-25-1";
    imported.entries = {{some_key(28, 28), {{{"tile", 3}}, "time"}}};
    history.add(imported);
    EXPECT_EQ(best(history, some_key(28, 28)), "none");
    EXPECT_EQ(best(open("h", imported.header), some_key(28, 28)), knobs_of(3));
    imported.header.ops.clear();
    EXPECT_NE(message_of<std::invalid_argument>([&] { history.add(imported); }), "");
}

using Change = std::function<void(History &)>;

// Adds one row each.
std::vector<Change> many_changes() {
    std::mt19937 random(1);
    std::vector<Change> changes;
    for (int number = 0; number < 60; ++number) {
        Trial trial = confirmed(int(random() % 4), 0.5 + double(random() % 8) / 16);
        trial.outcome = random() % 12 == 0 ? Outcome::kWrong : Outcome::kOk;
        trial.stage = random() % 3 == 0 ? "search" : "confirm";
        const TuningKey key = random() % 3 == 0 ? some_point() : some_key(64, 7 << random() % 3);
        const std::string cost = random() % 4 == 0 ? "cycles" : "time";
        const bool won = random() % 2 == 0;
        Wisdom imported;
        imported.header = some_header();
        imported.entries[some_key(8, int(random() % 3))] = {{{"tile", random() % 5}}, cost};
        if (number % 10 == 0)
            changes.push_back([=](History &history) { history.add(imported); });
        else if (number % 10 == 1)
            changes.push_back([=](History &history) {
                history.add({"rednet", 1, won, {{key, trial.knobs}, {some_key(1), "{}"}}});
            });
        else
            changes.push_back([=](History &history) { history.add(key, cost, trial); });
    }
    return changes;
}

TEST_F(HistoryTest, WisdomDoesNotDependOnTheOrder) {
    std::vector<Change> changes = many_changes();
    std::mt19937 random(2);
    std::string expected;
    for (int round = 0; round < 12; ++round) {
        History shuffled = open("shuffled" + std::to_string(round));
        for (const Change &change : changes)
            change(shuffled);
        if (round == 0)
            expected = shuffled.wisdom().text();
        EXPECT_EQ(shuffled.wisdom().text(), expected);
        std::shuffle(changes.begin(), changes.end(), random);
    }
    EXPECT_GE(std::count(expected.begin(), expected.end(), '\n'), 12); // of 4 shapes at least
}

TEST_F(HistoryTest, MergingIsAUnion) {
    std::vector<Change> changes = many_changes();
    std::vector<std::string> names = {"shard0", "shard1", "shard2"};
    for (size_t number = 0; number < changes.size(); ++number) {
        changes[number](history);
        History shard = open(names[number % 3]);
        changes[number](shard);
    }
    const std::string expected = history.wisdom().text();
    for (int round = 0; round < 6; ++round) {
        History merged = open("merged" + std::to_string(round));
        int64_t added = 0;
        for (const std::string &name : names)
            added += merged.merge(folder / name);
        EXPECT_EQ(added, history.count());
        EXPECT_EQ(merged.wisdom().text(), expected);
        for (const std::string &name : names)
            EXPECT_EQ(merged.merge(folder / name), 0);
        EXPECT_EQ(merged.count(), history.count());
        EXPECT_EQ(merged.wisdom().text(), expected);
        std::next_permutation(names.begin(), names.end());
    }
    // Into each other, and of what was merged itself.
    History first = open("shard0");
    first.merge(folder / "shard1");
    History third = open("shard2");
    third.merge(folder / "shard0");
    EXPECT_EQ(third.wisdom().text(), expected);
    EXPECT_EQ(third.merge(folder / "shard2"), 0);
    EXPECT_EQ(third.merge(folder / "merged0"), 0);
}

TEST_F(HistoryTest, MergingKeepsTheOrderOfTrials) {
    History other = open("other");
    for (int tile = 0; tile < 5; ++tile)
        other.add(some_key(), "time", confirmed(tile, 1));
    history.add(some_key(), "time", confirmed(9, 1));
    EXPECT_EQ(history.merge(folder / "other"), 5);
    std::string order;
    for (const Trial &trial : history.trials(some_key(), "time"))
        order += trial.knobs;
    EXPECT_EQ(order,
              knobs_of(9) + knobs_of(0) + knobs_of(1) + knobs_of(2) + knobs_of(3) + knobs_of(4));
}

TEST_F(HistoryTest, MergingNothingIsAnError) {
    const std::string why = message_of<std::runtime_error>([&] { history.merge(folder / "none"); });
    EXPECT_EQ(why, folder / "none: unable to open database file: No such file or directory");
}

TEST_F(HistoryTest, Forgetting) {
    const TuningKey other = some_key(128);
    for (const TuningKey &key : {some_key(), other, some_point()})
        history.add(key, "time", confirmed(1, 0.5));
    Wisdom imported;
    imported.header = some_header();
    imported.entries[some_key(8)] = {{{"tile", 8}}, "time"};
    history.add(imported);
    history.add({"rednet", 1.1, false, {{some_key(), knobs_of(1)}, {other, knobs_of(1)}}});
    EXPECT_EQ(best(history, other), "{}");

    EXPECT_EQ(history.forget(some_key()), 1); // the check stays for the other shape
    EXPECT_EQ(best(), "none");
    EXPECT_EQ(best(history, other), "{}");
    history.add(some_key(), "time", confirmed(1, 0.5));
    EXPECT_EQ(best(), knobs_of(1)); // its part of the check is forgotten

    EXPECT_EQ(history.forget("involution"), 4); // two trials, the import, the check
    EXPECT_EQ(history.keys(), std::vector<TuningKey>{some_point()});
    EXPECT_EQ(history.wisdom().entries.size(), 1u);
    EXPECT_EQ(history.forget("none"), 0);
    EXPECT_EQ(history.forget(""), 1);
    EXPECT_EQ(history.count(), 0);
}

TEST_F(HistoryTest, ReadOnly) {
    history.add(some_key(), "time", confirmed(1, 0.5));
    History reader = open("h", some_header(), true);
    EXPECT_EQ(best(reader), knobs_of(1));
    history.add(some_key(), "time", confirmed(2, 0.4)); // while it is read
    EXPECT_EQ(best(reader), knobs_of(2));
    const std::string why =
        message_of<std::runtime_error>([&] { reader.add(some_key(), "time", confirmed(3, 0.3)); });
    EXPECT_EQ(why.find(folder / "h: "), 0u) << why;
    EXPECT_NE(message_of<std::runtime_error>([&] { open("none", some_header(), true); }), "");
    EXPECT_FALSE(std::filesystem::exists(folder / "none"));
}

} // namespace
} // namespace involute::autotune
