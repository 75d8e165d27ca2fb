// Histories under duress: several processes, SIGKILL, damaged and hostile files, folders that
// cannot be written, full disks. INVOLUTE_KILLS: how often a writer is killed.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

#include <sqlite3.h>

#include "autotune/history.h"
#include "autotune/wisdom_files.h"
#include "tests/autotune/store_fixtures.h"

#ifndef INVOLUTE_KILLS
#define INVOLUTE_KILLS 40
#endif

namespace involute::autotune {
namespace {

namespace fs = std::filesystem;

constexpr int kKills = INVOLUTE_KILLS;
constexpr int kTrialsPerProcess = 200;
constexpr int kDamages = 200;
constexpr size_t kPage = 4096; // of the file

History open(const std::string &file, bool read_only = false) {
    return History::open(file, some_header(), read_only);
}

std::string why_not_opened(const std::string &file, bool read_only = false) {
    return message_of<std::runtime_error>([&] { open(file, read_only); });
}

void add_trial(History &history, int number, const TuningKey &key = some_key()) {
    Trial trial;
    trial.knobs = "{\"tile\":" + std::to_string(number) + "}";
    trial.stage = "confirm";
    trial.ratio = 0.5 + 1.0 / (number + 3);
    trial.reason = "written in full";
    history.add(key, "time", trial);
}

std::set<std::string> knobs_in(const History &history) {
    std::set<std::string> knobs;
    for (const Trial &trial : history.trials(some_key(), "time"))
        knobs.insert(trial.knobs);
    return knobs;
}

// With some rows of each kind; closed again, so that all of it is in the one file.
void fill(const std::string &file, int trials) {
    History history = open(file);
    for (int number = 0; number < trials; ++number)
        add_trial(history, number, number % 2 == 0 ? some_key() : some_point());
    history.add({"rednet", 0.9, true, {{some_key(), "{\"tile\":1}"}}});
    Wisdom imported;
    imported.header = some_header();
    imported.entries[some_key(128)] = {{{"tile", 1}}, "time"};
    history.add(imported);
}

// SQLite that is not ours to check; `sql` must succeed.
void change(const std::string &file, const std::string &sql) {
    sqlite3 *database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
}

// Each thing that can be done with it succeeds or throws std::runtime_error; true: it opens.
bool use(const std::string &file, const std::string &scratch) {
    const auto each = {
        +[](History &history) { history.count(); },
        +[](History &history) { history.keys(); },
        +[](History &history) { history.trials(some_key(), "time"); },
        +[](History &history) { history.wisdom().text(); },
        +[](History &history) { add_trial(history, 7777); },
        +[](History &history) { history.forget("conv2d"); },
    };
    message_of<std::runtime_error>([&] { open(scratch).merge(file); });
    message_of<std::runtime_error>([&] { open(file, true).wisdom(); });
    const std::string why = message_of<std::runtime_error>([&] {
        History history = open(file);
        for (const auto &call : each)
            message_of<std::runtime_error>([&] { call(history); });
    });
    EXPECT_TRUE(why.empty() || why.find(file + ": ") == 0) << why;
    return why.empty();
}

void remove_history(const std::string &file) {
    for (const char *suffix : {"", "-wal", "-shm", "-journal"})
        fs::remove(file + suffix);
}

TEST(HistoryProcesses, TwoAddWhileAThirdExports) {
    const Folder folder;
    const std::string file = folder / "h", wisdom = folder / "w.json";
    std::vector<pid_t> children;
    for (int process = 0; process < 2; ++process) {
        children.push_back(in_child([&] {
            History history = open(file);
            for (int number = 0; number < kTrialsPerProcess; ++number)
                add_trial(history, 2 * number + process);
        }));
    }
    children.push_back(in_child([&] {
        for (size_t before = 0; before < 2 * kTrialsPerProcess;) {
            const History history = open(file);
            export_wisdom([&] { return history.wisdom(); }, wisdom);
            Wisdom::parse(read_text(wisdom), some_header(), nullptr);
            const size_t now = knobs_in(history).size();
            if (now < before)
                throw std::runtime_error("trials got lost");
            before = now;
        }
    }));
    for (const pid_t child : children)
        EXPECT_EQ(status_of(child), 0);
    EXPECT_EQ(knobs_in(open(file)).size(), size_t{2 * kTrialsPerProcess});
    const Wisdom found = Wisdom::parse(read_text(wisdom), some_header(), nullptr);
    EXPECT_EQ(found.entries.at(some_key()).knobs["tile"], 2 * kTrialsPerProcess - 1);
}

TEST(HistoryProcesses, WhatIsCommittedSurvivesAKill) {
    const Folder folder;
    std::mt19937 random(1);
    std::set<std::string> committed;
    std::string file;
    int next = 0;
    for (int round = 0; round < kKills; ++round) {
        if (round % 8 == 0) { // now and then it is killed while it creates the file
            file = folder / ("h" + std::to_string(round));
            committed.clear();
        }
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = in_child([&] {
            History history = open(file);
            for (int number = next;; ++number) {
                add_trial(history, number);
                if (::write(ends[1], &number, sizeof number) != sizeof number)
                    throw std::runtime_error("the pipe is closed");
            }
        });
        ::close(ends[1]);
        ::usleep(random() % 60000);
        ::kill(child, SIGKILL);
        EXPECT_TRUE(WIFSIGNALED(status_of(child)));
        for (int number; ::read(ends[0], &number, sizeof number) == sizeof number;) {
            committed.insert("{\"tile\":" + std::to_string(number) + "}");
            next = number + 1;
        }
        ::close(ends[0]);
        next += 1; // the one that may have been committed without a word

        const std::set<std::string> kept = knobs_in(open(file));
        EXPECT_TRUE(std::includes(kept.begin(), kept.end(), committed.begin(), committed.end()))
            << round;
        EXPECT_LE(kept.size(), committed.size() + round % 8 + 1);
    }
    EXPECT_GT(next, kKills);
}

TEST(HistoryDamage, CutShortAnywhere) {
    const Folder folder(memory());
    fill(folder / "whole", 60);
    const std::string whole = read_text(folder / "whole");
    ASSERT_FALSE(fs::exists(folder / "whole-wal"));
    std::mt19937 random(1);
    for (int round = 0; round < kDamages; ++round) {
        remove_history(folder / "h");
        const size_t length =
            round % 2 == 0 ? random() % whole.size() : random() % (whole.size() / kPage) * kPage;
        write_text(folder / "h", whole.substr(0, length));
        const bool opened = use(folder / "h", folder / "scratch");
        if (length < whole.size() - kPage) { // of the last page it may be zeros that are missing
            EXPECT_EQ(opened, length == 0) << length;
        }
    }
}

TEST(HistoryDamage, AnyByteMayBeWrong) {
    const Folder folder(memory());
    fill(folder / "whole", 60);
    const std::string whole = read_text(folder / "whole");
    std::mt19937 random(2);
    int opened = 0;
    for (int round = 0; round < kDamages; ++round) {
        remove_history(folder / "h");
        std::string wrong = whole;
        // Half of them where the tables are described and pages begin.
        const size_t at = round % 2 == 0
                              ? random() % whole.size()
                              : random() % (whole.size() / kPage) * kPage + random() % 128;
        wrong[at] = char(wrong[at] ^ (1 + random() % 255));
        write_text(folder / "h", wrong);
        opened += use(folder / "h", folder / "scratch");
    }
    EXPECT_LT(opened, kDamages);
}

TEST(HistoryDamage, TheLogMayBeWrong) {
    const Folder folder(memory());
    fill(folder / "whole", 10);
    std::string whole, log;
    {
        History history = open(folder / "whole");
        for (int number = 0; number < 10; ++number)
            add_trial(history, number);
        whole = read_text(folder / "whole");
        log = read_text(folder / "whole-wal");
    }
    ASSERT_FALSE(log.empty());
    std::mt19937 random(3);
    for (int round = 0; round < 50; ++round) {
        remove_history(folder / "h");
        std::string wrong = log.substr(0, round % 2 == 0 ? log.size() : random() % log.size());
        if (!wrong.empty())
            wrong[random() % wrong.size()] = char(random() % 256);
        write_text(folder / "h", whole);
        write_text(folder / "h-wal", wrong);
        use(folder / "h", folder / "scratch");
    }
}

TEST(HistoryDamage, OtherFilesAreRefusedAndLeftAlone) {
    const Folder folder(memory());
    const std::string file = folder / "h";
    change(file, "CREATE TABLE bookmarks (url TEXT)");
    const std::string other = read_text(file);
    EXPECT_EQ(why_not_opened(file), file + ": is not a file of this program");
    EXPECT_EQ(read_text(file), other);

    write_text(file, "some words that are no database\n");
    EXPECT_EQ(why_not_opened(file), file + ": file is not a database");
    EXPECT_EQ(read_text(file), "some words that are no database\n");

    EXPECT_NE(why_not_opened(folder.path()), "");
    EXPECT_NE(why_not_opened(""), "");
    EXPECT_NE(why_not_opened("/dev/null/h"), "");
    write_text(folder / "empty", "");
    EXPECT_EQ(why_not_opened(folder / "empty", true),
              folder / "empty: is not a file of this program");
}

TEST(HistoryDamage, NamesThatMeanMoreToSqlite) {
    const Folder folder(memory());
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    for (const std::string name : {":memory:", "file:x?mode=memory", "a%20b?c#d", "\xc3\xa9"}) {
        open(name);
        EXPECT_TRUE(fs::exists(name)) << name;
    }
    fs::current_path(before);
}

TEST(HistoryDamage, OtherVersionsAndTablesAreRefused) {
    for (const auto &[sql, expected] : std::vector<std::pair<std::string, std::string>>{
             {"PRAGMA user_version=2", "is of version 2; this program reads version 1"},
             {"CREATE TRIGGER t AFTER INSERT ON trials BEGIN DELETE FROM trials; END",
              "has other tables than it should"},
             {"CREATE VIEW v AS SELECT * FROM trials", "has other tables than it should"},
             {"CREATE TABLE more (a)", "has other tables than it should"},
             {"DROP INDEX trials_of_shape", "has other tables than it should"},
             {"ALTER TABLE trials ADD COLUMN more TEXT", "has other tables than it should"}}) {
        const Folder folder(memory());
        fill(folder / "h", 2);
        change(folder / "h", sql);
        EXPECT_EQ(why_not_opened(folder / "h"), folder / "h: " + expected) << sql;
        EXPECT_EQ(why_not_opened(folder / "h", true), folder / "h: " + expected) << sql;
    }
}

TEST(HistoryDamage, RowsMayHoldAnything) {
    for (const std::string sql :
         {"UPDATE trials SET knobs = '{\"tile\":'", "UPDATE trials SET knobs = '[1]'",
          "UPDATE trials SET knobs = '{\"tile\": 1}'", "UPDATE trials SET outcome = 'fine'",
          "UPDATE trials SET cost = 'a' || x'ff'", "UPDATE shapes SET key = '{}' WHERE number = 1",
          "UPDATE shapes SET key = key || ' '",
          "UPDATE imports SET knobs = printf('%.*c', 500000, '[')"}) {
        const Folder folder(memory());
        fill(folder / "h", 4);
        change(folder / "h", sql);
        History history = open(folder / "h"), other = open(folder / "other");
        add_trial(other, 1);
        const std::string damaged = folder / "h: is damaged: ";
        EXPECT_EQ(message_of<std::runtime_error>([&] { history.wisdom().text(); }).find(damaged),
                  0u)
            << sql;
        EXPECT_EQ(message_of<std::runtime_error>([&] { other.merge(folder / "h"); }).find(damaged),
                  0u)
            << sql;
        EXPECT_EQ(other.count(), 1);
    }
}

class HistoryOnADisk : public ::testing::Test {
protected:
    void SetUp() override {
        if (!disk.problem().empty())
            GTEST_SKIP() << disk.problem();
    }
    SmallDisk disk{1 << 20};
};

TEST_F(HistoryOnADisk, ReadOnly) {
    fill(disk / "h", 4);
    ASSERT_TRUE(disk.make_read_only());
    EXPECT_EQ(why_not_opened(disk / "h").find(disk / "h: "), 0u);
    const History history = open(disk / "h", true);
    EXPECT_EQ(history.count(), 4);
    EXPECT_EQ(history.wisdom().entries.size(), 3u);
    const Folder folder(memory());
    EXPECT_EQ(open(folder / "h").merge(disk / "h"), 4);
}

TEST_F(HistoryOnADisk, ReadOnlyWithTrialsInItsLog) {
    {
        const Folder folder(memory());
        History history = open(folder / "h");
        add_trial(history, 1);
        write_text(disk / "h", read_text(folder / "h"));
        write_text(disk / "h-wal", read_text(folder / "h-wal"));
    }
    ASSERT_TRUE(disk.make_read_only());
    // Read without the log it would lack a trial.
    EXPECT_EQ(why_not_opened(disk / "h", true),
              disk / "h: its folder cannot be written, and the log beside it holds more of it");
}

TEST_F(HistoryOnADisk, Full) {
    History history = open(disk / "h");
    add_trial(history, 0);
    disk.fill();
    int added = 1;
    const std::string why = message_of<std::runtime_error>([&] {
        for (; added < 100000; ++added)
            add_trial(history, added);
    });
    EXPECT_EQ(why, disk / "h: database or disk is full");
    EXPECT_EQ(history.count(), added);
    EXPECT_EQ(open(disk / "h").count(), added);
    EXPECT_NE(why_not_opened(disk / "another"), "");
    fs::remove(disk / "filler");
    add_trial(history, added);
    EXPECT_EQ(history.count(), added + 1);
}

} // namespace
} // namespace involute::autotune
