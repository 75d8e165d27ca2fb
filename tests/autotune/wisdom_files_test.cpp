// Files of wisdom: replaced whole or not at all, found where they should be, exported in turn.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>

#include "autotune/history.h"
#include "autotune/wisdom_files.h"
#include "tests/autotune/store_fixtures.h"

namespace involute::autotune {
namespace {

namespace fs = std::filesystem;

// Sets a variable of the environment ("": takes it away) until the end of the block.
class Variable {
public:
    Variable(const char *name, const std::string &value) : name_(name) {
        if (const char *old = std::getenv(name)) {
            was_set_ = true;
            old_ = old;
        }
        set(!value.empty(), value);
    }
    ~Variable() {
        set(was_set_, old_);
    }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;

private:
    void set(bool present, const std::string &value) const {
        if (present)
            ::setenv(name_, value.c_str(), 1);
        else
            ::unsetenv(name_);
    }
    const char *name_;
    bool was_set_ = false;
    std::string old_;
};

size_t files_in(const std::string &folder) {
    size_t files = 0;
    for (auto entry = fs::directory_iterator(folder); entry != fs::directory_iterator(); ++entry)
        ++files;
    return files;
}

std::string why_not_written(const std::string &file, const std::string &text) {
    return message_of<std::runtime_error>([&] { write_file_atomically(file, text); });
}

std::string wisdom_with(const TuningKey &key, int tile) {
    Wisdom wisdom;
    wisdom.header = some_header();
    wisdom.entries[key] = {{{"tile", tile}}, "time"};
    return wisdom.text();
}

TEST(WisdomWriting, ReplacesTheFile) {
    const Folder folder;
    write_file_atomically(folder / "a", "one");
    write_file_atomically(folder / "a", "two");
    EXPECT_EQ(read_text(folder / "a"), "two");
    EXPECT_EQ(files_in(folder.path()), 1u);

    fs::create_symlink(folder / "a", folder / "link");
    write_file_atomically(folder / "link", "three");
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(read_text(folder / "a"), "three");
}

TEST(WisdomWriting, WorksOnANameWithoutFolder) {
    const Folder folder;
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    write_file_atomically("a", "one");
    fs::current_path(before);
    EXPECT_EQ(read_text(folder / "a"), "one");
}

TEST(WisdomWriting, FailsWithTheReason) {
    const Folder folder;
    write_text(folder / "file", "old");
    const std::string inside = folder / "file/wisdom.json";
    EXPECT_EQ(why_not_written(inside, "x"), inside + ": cannot be written: Not a directory");
    const std::string nowhere = folder / "none/wisdom.json";
    EXPECT_EQ(why_not_written(nowhere, "x"),
              nowhere + ": cannot be written: No such file or directory");
    fs::create_directory(folder / "folder");
    EXPECT_NE(why_not_written(folder / "folder", "x").find("cannot be replaced"),
              std::string::npos);
    EXPECT_EQ(files_in(folder.path()), 2u);
}

TEST(WisdomWriting, ReadOnlyFolder) {
    const SmallDisk disk(1 << 16);
    if (!disk.problem().empty())
        GTEST_SKIP() << disk.problem();
    write_text(disk / "wisdom.json", "old");
    ASSERT_TRUE(disk.make_read_only());
    EXPECT_EQ(why_not_written(disk / "wisdom.json", "new"),
              disk / "wisdom.json: cannot be written: Read-only file system");
    EXPECT_EQ(read_text(disk / "wisdom.json"), "old");
}

TEST(WisdomWriting, FullDisk) {
    const SmallDisk disk(1 << 16);
    if (!disk.problem().empty())
        GTEST_SKIP() << disk.problem();
    fs::create_directory(disk / "folder");
    write_text(disk / "folder/wisdom.json", "old");
    EXPECT_EQ(why_not_written(disk / "folder/wisdom.json", std::string(1 << 20, 'x')),
              disk / "folder/wisdom.json: cannot be written: No space left on device");
    EXPECT_EQ(read_text(disk / "folder/wisdom.json"), "old");
    EXPECT_EQ(files_in(disk / "folder"), 1u);
    write_file_atomically(disk / "folder/wisdom.json", "new"); // the space was given back
    EXPECT_EQ(read_text(disk / "folder/wisdom.json"), "new");
}

TEST(WisdomPaths, OfTheUser) {
    const Variable home("HOME", "/home/a");
    {
        const Variable config("XDG_CONFIG_HOME", "/etc/b");
        EXPECT_EQ(user_wisdom_file(), "/etc/b/involute/wisdom.json");
    }
    for (const char *ignored : {"", "relative"}) {
        const Variable config("XDG_CONFIG_HOME", ignored);
        EXPECT_EQ(user_wisdom_file(), "/home/a/.config/involute/wisdom.json");
    }
    const Variable config("XDG_CONFIG_HOME", ""), none("HOME", "");
    EXPECT_EQ(user_wisdom_file(), "");
}

TEST(WisdomPaths, OfTheHistory) {
    EXPECT_EQ(history_file_of("/a/wisdom.json"), "/a/wisdom.history.sqlite");
    EXPECT_EQ(history_file_of("a.b/wisdom"), "a.b/wisdom.history.sqlite");
    EXPECT_EQ(history_file_of("w.jsonx"), "w.jsonx.history.sqlite");
}

class WisdomSearch : public ::testing::Test {
protected:
    WisdomSearch() {
        fs::create_directories(folder / "config/involute");
        fs::create_directories(folder / "shipped");
    }
    std::string user() const {
        return folder / "config/involute/wisdom.json";
    }
    std::string shipped() const {
        return folder / "shipped/genuineintel-6-143.json";
    }
    Wisdom find(const std::string &explicit_file = "") {
        warnings.clear();
        return find_wisdom(explicit_file, folder / "shipped", some_header(), &warnings);
    }
    int tile(const Wisdom &wisdom, const TuningKey &key) const {
        return wisdom.entries.at(key).knobs.at("tile").get<int>();
    }
    std::string why_refused(const std::string &explicit_file) {
        return message_of<std::runtime_error>([&] { find(explicit_file); });
    }

    Folder folder;
    Variable config{"XDG_CONFIG_HOME", folder / "config"}, given{"INVOLUTE_WISDOM", ""};
    std::vector<std::string> warnings;
};

TEST_F(WisdomSearch, UsersOverShipped) {
    Wisdom found = find();
    EXPECT_TRUE(found.entries.empty());
    EXPECT_EQ(found.header.halide, "21.0.0");
    Wisdom both;
    both.header = some_header();
    both.entries[some_key()] = both.entries[some_point()] = {{{"tile", 1}}, "time"};
    write_text(shipped(), both.text());
    EXPECT_EQ(find().entries.size(), 2u);
    write_text(user(), wisdom_with(some_key(), 2));
    found = find();
    EXPECT_EQ(tile(found, some_key()), 2);
    EXPECT_EQ(tile(found, some_point()), 1);
    EXPECT_TRUE(warnings.empty());
    EXPECT_EQ(find_wisdom("", "", some_header(), nullptr).entries.size(), 1u);
}

TEST_F(WisdomSearch, AnExplicitFileStandsAlone) {
    write_text(shipped(), wisdom_with(some_point(), 1));
    write_text(user(), wisdom_with(some_key(), 2));
    write_text(folder / "a", wisdom_with(some_key(), 3));
    write_text(folder / "b", wisdom_with(some_key(), 4));
    const Variable variable("INVOLUTE_WISDOM", folder / "a");
    EXPECT_EQ(tile(find(), some_key()), 3);
    const Wisdom found = find(folder / "b");
    EXPECT_EQ(tile(found, some_key()), 4);
    EXPECT_EQ(found.entries.size(), 1u);
}

TEST_F(WisdomSearch, AnExplicitFileMustBeRight) {
    write_text(folder / "bad", "{");
    for (const char *name : {"none", "bad", "shipped", "bad/x"}) {
        EXPECT_EQ(why_refused(folder / name).find(folder / name + ": "), 0u) << name;
        const Variable variable("INVOLUTE_WISDOM", folder / name);
        EXPECT_EQ(why_refused("").find(folder / name + ": "), 0u) << name;
    }
    write_text(folder / "large", std::string(kMaxWisdomBytes + 1, ' '));
    EXPECT_NE(why_refused(folder / "large").find("larger"), std::string::npos);
    // Does not end; nor is all of it read.
    EXPECT_NE(why_refused("/dev/zero").find("larger"), std::string::npos);
}

TEST_F(WisdomSearch, AnImplicitFileThatIsWrongIsAWarning) {
    write_text(shipped(), wisdom_with(some_point(), 1));
    write_text(user(), "{");
    EXPECT_EQ(find().entries.size(), 1u);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0].find(user() + ": "), 0u);

    write_text(shipped(), "[]");
    EXPECT_TRUE(find().entries.empty());
    EXPECT_EQ(warnings.size(), 2u);
    EXPECT_TRUE(find_wisdom("", folder / "shipped", some_header(), nullptr).entries.empty());
}

TEST_F(WisdomSearch, StaleWisdomGivesWayToShipped) {
    Wisdom stale;
    stale.header = some_header();
    stale.header.halide = "20.0.0";
    stale.entries[some_key()] = {{{"tile", 9}}, "time"};
    write_text(user(), stale.text());
    write_text(shipped(), wisdom_with(some_key(), 1));
    EXPECT_EQ(tile(find(), some_key()), 1);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0].find(user() + ": "), 0u);
}

class WisdomExport : public ::testing::Test {
protected:
    Folder folder;

    History history() const {
        return History::open(folder / "h.sqlite", some_header());
    }
    void confirm(int tile, double ratio) {
        Trial trial;
        trial.knobs = "{\"tile\":" + std::to_string(tile) + "}";
        trial.stage = "confirm";
        trial.ratio = ratio;
        history().add(some_key(), "time", trial);
    }
};

TEST_F(WisdomExport, WritesWhatWasFound) {
    confirm(4, 0.8);
    export_wisdom([&] { return history().wisdom(); }, folder / "w.json");
    EXPECT_EQ(read_text(folder / "w.json"), wisdom_with(some_key(), 4));
    const std::string nowhere = folder / "none/w.json";
    EXPECT_NE(message_of<std::runtime_error>([&] {
                  export_wisdom([&] { return history().wisdom(); }, nowhere);
              }).find(nowhere),
              std::string::npos);
}

TEST_F(WisdomExport, WaitsForTheLockBeforeItReads) {
    confirm(4, 0.8);
    const int lock = ::open((folder / "w.json.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    ASSERT_EQ(::flock(lock, LOCK_EX), 0);
    const pid_t child = in_child([&] {
        ::close(lock);
        export_wisdom([&] { return history().wisdom(); }, folder / "w.json");
    });
    ::usleep(100000);
    EXPECT_FALSE(fs::exists(folder / "w.json"));
    confirm(5, 0.5);
    ::close(lock);
    EXPECT_EQ(status_of(child), 0);
    EXPECT_EQ(read_text(folder / "w.json"), wisdom_with(some_key(), 5));
}

} // namespace
} // namespace involute::autotune
