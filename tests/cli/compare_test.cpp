// `involute compare`: every contestant is a row, whatever becomes of it; finished rows are kept.
#include <filesystem>

#include <gtest/gtest.h>

#include "involute/involute.h"
#include "tests/cli/command.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Compare : public ::testing::Test {
protected:
    Compare() : folder_(temporary_path("compare." + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~Compare() override {
        fs::remove_all(folder_);
    }
    Answer compare(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "compare");
        arguments.insert(arguments.end(), {"-o", folder_ + "/out"});
        return run_command(arguments, {{"INVOLUTE_PACKS", folder_ + "/packs"}});
    }
    std::string path(const std::string &name) const {
        return folder_ + "/out/" + name;
    }
    size_t finished() const {
        const std::string text = read_file(path("rows.jsonl"));
        return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    // The pack of a schedule, which a test puts something else in the place of.
    std::string pack_of(const std::string &schedule) const {
        for (const auto &entry : fs::directory_iterator(folder_ + "/packs"))
            if (entry.path().extension() == ".so" &&
                entry.path().filename().string().find("_" + schedule + "-") != std::string::npos)
                return entry.path();
        return "";
    }
    // A pack whose kernel does what `body` says.
    void replace_pack(const std::string &schedule, const std::string &body) const {
        const std::string pack = pack_of(schedule), source = folder_ + "/pack.c";
        ASSERT_NE(pack, "");
        write_file(source, "#include \"involute/involute.h\"\n#include <stdlib.h>\n"
                           "static int kernel(void **arguments) { (void)arguments; " +
                               body +
                               " return 0; }\n"
                               "static void use(const involute_kernel_services *s) { (void)s; }\n"
                               "static const involute_kernel kernels[] = {{\"aggregation_k3_s1\", "
                               "\"aggregation\", \"window\", \"f32\", \"" +
                               schedule +
                               "\", \"planted\", 0, 3, 1, 16, 0, 16, INVOLUTE_ISA_BASELINE, "
                               "kernel}};\n"
                               "static const involute_kernel_table table = {sizeof table, "
                               "sizeof kernels[0], \"planted\", \"" +
                               std::string(involute_version()) + "\", \"" +
                               involute_kernel_interface() +
                               "\", kernels, 1, use};\n"
                               "const involute_kernel_table *involute_pack(void) "
                               "{ return &table; }\n");
        const std::string command =
            "cc -shared -fPIC -I" + source_path("runtime/include") + " -o " + pack + " " + source;
        ASSERT_EQ(std::system(command.c_str()), 0);
    }

    const std::string folder_;
};

const std::vector<std::string> kSmall = {"--op",     "aggregation", "--kernel", "3",     "--size",
                                         "8x8",      "--channels",  "32",       "--isa", "baseline",
                                         "--rounds", "2",           "--turn",   "0.001", "--json"};

std::vector<std::string> small(const std::vector<std::string> &more) {
    std::vector<std::string> words = kSmall;
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::string failure_of(const json &rows, const std::string &schedule) {
    for (const json &row : rows)
        if (row.at("schedule") == schedule)
            return row.value("failure", "");
    return "no row of " + schedule;
}

TEST_F(Compare, EveryScheduleIsARow) {
    const Answer answer = compare(small({"--schedule", "hand,naive,mullapudi2016,anderson2021"}));
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const json rows = answer.json();
    ASSERT_EQ(rows.size(), 4u);
    for (const char *schedule : {"hand", "naive", "mullapudi2016"})
        EXPECT_EQ(failure_of(rows, schedule), "");
    EXPECT_NE(failure_of(rows, "anderson2021").find("does not support GPU"), std::string::npos)
        << failure_of(rows, "anderson2021");
    for (const json &row : rows) {
        for (const char *field : {"group", "op", "size", "isa", "threads", "schedule", "macs",
                                  "bytes", "search_s", "build_s", "code_bytes", "build_peak_mb",
                                  "cpu", "commit", "versions", "command", "key"})
            EXPECT_TRUE(row.contains(field)) << field << " is not in " << row;
        if (row.contains("failure"))
            continue;
        for (const char *field : {"ms_median", "gflops", "peak_fraction", "memory_mb", "rounds"})
            EXPECT_GT(row.at(field).get<double>(), 0) << field;
        EXPECT_EQ(row.at("macs"), 8 * 8 * 32 * 9);
        EXPECT_GT(row.at("code_bytes").get<double>(), 500) << row.at("schedule");
    }
    const std::string page = read_file(path("compare.html")), text = read_file(path("compare.md"));
    EXPECT_NE(page.find("<svg"), std::string::npos);
    EXPECT_NE(page.find("produce sum"), std::string::npos) << "no loop nest";
    EXPECT_NE(page.find("mulps"), std::string::npos) << "no assembly";
    EXPECT_NE(text.find("does not support GPU"), std::string::npos);
    EXPECT_EQ(json::parse(read_file(path("compare.json"))).at("rows").size(), 4u);
}

TEST_F(Compare, FinishedRowsAreNotMeasuredAgain) {
    const std::vector<std::string> words = small({"--schedule", "hand,naive"});
    const Answer first = compare(words);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    ASSERT_EQ(finished(), 2u);
    const Answer second = compare(words);
    EXPECT_EQ(second.json(), first.json());
    EXPECT_EQ(finished(), 2u);
    // A process that was killed leaves a row out and one torn: the others stay.
    const std::string rows = read_file(path("rows.jsonl"));
    write_file(path("rows.jsonl"), rows.substr(0, rows.size() - 40));
    const Answer third = compare(words);
    ASSERT_EQ(third.exit_code, 0) << third.err;
    EXPECT_EQ(third.json().size(), 2u);
    const Answer fourth = compare(words);
    EXPECT_EQ(fourth.json(), third.json());
    std::vector<std::string> fresh = words;
    fresh.push_back("--fresh");
    EXPECT_EQ(compare(fresh).exit_code, 0);
    EXPECT_EQ(finished(), 2u);
}

// What a kernel can do wrong, and what the row says of it. The others are not harmed.
TEST_F(Compare, ContestantsThatFailAreRowsWithTheirReason) {
    const std::vector<std::string> words = small({"--schedule", "hand,naive", "--fresh"});
    ASSERT_EQ(compare(words).exit_code, 0);
    const struct {
        const char *body, *reason;
    } planted[] = {{"", "wrong: value "},
                   {"abort();", "ended by signal 6"},
                   {"*(volatile int *)8 = 1;", "ended by signal 11"},
                   {"exit(3);", "ended with exit code 3"},
                   {"return -1;", "kernel error -1"}};
    for (const auto &[body, reason] : planted) {
        SCOPED_TRACE(body);
        replace_pack("naive", body);
        const Answer answer = compare(words);
        ASSERT_EQ(answer.exit_code, 0) << answer.err;
        ASSERT_EQ(answer.json().size(), 2u);
        EXPECT_EQ(failure_of(answer.json(), "hand"), "");
        EXPECT_NE(failure_of(answer.json(), "naive").find(reason), std::string::npos)
            << failure_of(answer.json(), "naive");
    }
}

TEST_F(Compare, ContestantsThatHangOrEatMemoryAreStopped) {
    std::vector<std::string> words =
        small({"--schedule", "hand,naive", "--fresh", "--run-time", "2", "--run-memory", "1024"});
    ASSERT_EQ(compare(words).exit_code, 0);
    replace_pack("naive", "for (;;) {}");
    const Answer hangs = compare(words);
    ASSERT_EQ(hangs.exit_code, 0) << hangs.err;
    EXPECT_NE(failure_of(hangs.json(), "naive").find("stopped after 2 s"), std::string::npos)
        << failure_of(hangs.json(), "naive");
    EXPECT_EQ(failure_of(hangs.json(), "hand"), "");
    replace_pack("naive", "for (;;) { char *p = malloc(1 << 24); if (!p) abort(); p[0] = 1; }");
    const Answer eats = compare(words);
    ASSERT_EQ(eats.exit_code, 0) << eats.err;
    EXPECT_NE(failure_of(eats.json(), "naive").find("signal 6"), std::string::npos)
        << failure_of(eats.json(), "naive");
    EXPECT_EQ(failure_of(eats.json(), "hand"), "");
}

// A search is given up; the next time it is not even tried, unless it may take longer.
TEST_F(Compare, SearchesHaveLimits) {
    std::vector<std::string> words =
        small({"--schedule", "adams2019", "--search-time", "1", "--fresh"});
    words[5] = "64x64", words[3] = "7";
    const Answer stopped = compare(words);
    ASSERT_EQ(stopped.exit_code, 0) << stopped.err;
    EXPECT_NE(failure_of(stopped.json(), "adams2019").find("was stopped after 1 s"),
              std::string::npos)
        << failure_of(stopped.json(), "adams2019");
    words = small({"--schedule", "mullapudi2016", "--search-memory", "64", "--fresh"});
    const Answer starved = compare(words);
    ASSERT_EQ(starved.exit_code, 0) << starved.err;
    EXPECT_NE(failure_of(starved.json(), "mullapudi2016"), "");
    words = small({"--schedule", "mullapudi2016", "--fresh"});
    EXPECT_EQ(failure_of(compare(words).json(), "mullapudi2016"), "");
}

TEST_F(Compare, NetworksAreComparedWithTheHandSchedule) {
    const Answer answer =
        compare({"--model", "rednet-digits", "--schedule", "naive,mullapudi2016", "--isa",
                 "baseline", "--rounds", "1", "--turn", "0.001", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    ASSERT_EQ(answer.json().size(), 2u);
    EXPECT_EQ(failure_of(answer.json(), "naive"), "");
}

TEST_F(Compare, OperatorsAtEqualSizeAreSetSideBySide) {
    const Answer answer =
        compare({"--ops", "--channels", "32", "--size", "8x8", "--kernel", "3", "--isa", "baseline",
                 "--rounds", "1", "--turn", "0.001", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    ASSERT_EQ(answer.json().size(), 6u);
    for (const json &row : answer.json()) {
        EXPECT_FALSE(row.contains("failure")) << row;
        EXPECT_GE(row.at("parameters").get<double>(), 0);
    }
    EXPECT_TRUE(fs::exists(path("operators.html")));
}

// Other engines are a program of bench/peers, of which a script takes the place.
TEST_F(Compare, PeersThatAreMissingOrUnknownAreToldInItsWords) {
    const auto answer = [this](const char *script) {
        write_file(folder_ + "/python", std::string("#!/bin/sh\n") + script + "\n");
        fs::permissions(folder_ + "/python", fs::perms::owner_all);
        return run_command({"compare", "--peers", "ncmm", "-o", folder_ + "/out"},
                           {{"INVOLUTE_PYTHON", folder_ + "/python"}});
    };
    const Answer missing = answer("exit 3");
    EXPECT_EQ(missing.exit_code, 3);
    EXPECT_NE(missing.err.find("pip install -r requirements-peers.txt"), std::string::npos)
        << missing.err;
    const Answer unknown = answer("echo \"there are $*\"; exit 2");
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_NE(unknown.err.find("--peers ncmm"), std::string::npos) << unknown.err;
    EXPECT_EQ(unknown.out, "");
}

TEST_F(Compare, UnknownNamesAreAnsweredWithThoseThatExist) {
    const auto expect = [this](const std::vector<std::string> &words, const char *known) {
        const Answer answer = compare(words);
        EXPECT_EQ(answer.exit_code, 2) << answer.err;
        EXPECT_NE(answer.err.find(known), std::string::npos) << answer.err;
        EXPECT_EQ(answer.out, "");
    };
    expect({"--schedule", "adams"}, "adams2019");
    expect({"--op", "involutoin"}, "involution");
    expect({"--model", "rednet51"}, "rednet50");
    expect({"--rounds", "0"}, "--rounds");
    expect({"--search-time", "soon"}, "--search-time");
}

} // namespace
} // namespace involute::test
