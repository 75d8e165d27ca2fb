// Schedules other than hand: their kernels are built when they are first asked for, kept, and
// right; what stands in the way is told in the words of the program that found it.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;

using Environment = std::map<std::string, std::string>;

// A folder for packs that is empty at first and gone at the end.
class Packs : public ::testing::Test {
protected:
    Packs() : folder_(temporary_path("packs." + std::to_string(getpid()))) {
        fs::remove_all(folder_);
    }
    ~Packs() override {
        fs::remove_all(folder_);
    }

    Answer command(std::vector<std::string> arguments, Environment environment = {}) const {
        environment["INVOLUTE_PACKS"] = folder_;
        return run_command(arguments, environment);
    }
    std::vector<fs::path> shared_objects() const {
        std::vector<fs::path> found;
        if (fs::exists(folder_))
            for (const auto &entry : fs::directory_iterator(folder_))
                if (entry.path().extension() == ".so")
                    found.push_back(entry.path());
        return found;
    }
    // Nothing of a build is left but packs and Halide's runtime.
    void expect_tidy() const {
        for (const auto &entry : fs::directory_iterator(folder_))
            EXPECT_TRUE(entry.is_regular_file()) << entry.path();
    }

    const std::string folder_;
};

const std::vector<std::string> kBench = {
    "bench", "--op",      "aggregation", "--kernel",     "5",  "--isa", "baseline", "--size",
    "14x14", "--threads", "1",           "--iterations", "10", "--json"};

std::vector<std::string> with(std::vector<std::string> words, const std::string &option,
                              const std::string &value) {
    words.push_back(option);
    words.push_back(value);
    return words;
}

TEST_F(Packs, AreBuiltOnceAndTimed) {
    const Answer first = command(with(kBench, "--schedule", "hand,naive"));
    ASSERT_EQ(first.exit_code, 0) << first.err;
    ASSERT_EQ(first.json().size(), 2u);
    EXPECT_EQ(first.json()[0].at("schedule"), "hand");
    EXPECT_EQ(first.json()[1].at("schedule"), "naive");
    const std::string command_text = first.json()[1].at("command");
    EXPECT_NE(command_text.find("--schedule naive"), std::string::npos) << command_text;
    // The plain loops are slower by far; something else would not be them.
    EXPECT_GT(first.json()[1].at("ms_median").get<double>(),
              2 * first.json()[0].at("ms_median").get<double>());
    ASSERT_EQ(shared_objects().size(), 1u);
    expect_tidy();
    const auto written = fs::last_write_time(shared_objects()[0]);
    const Answer second = command(with(kBench, "--schedule", "naive"));
    EXPECT_EQ(second.exit_code, 0) << second.err;
    ASSERT_EQ(shared_objects().size(), 1u);
    EXPECT_EQ(fs::last_write_time(shared_objects()[0]), written);
}

TEST_F(Packs, VerifyChecksThem) {
    const Answer answer =
        command({"verify", source_path("tests/reference/layers.safetensors"), "--schedule",
                 "naive,mullapudi2016", "--isa", "baseline", "--filter", "k7", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err << answer.out;
    EXPECT_EQ(answer.json().at("failed"), 0);
    EXPECT_GT(answer.json().at("passed"), 0);
    expect_tidy();
}

TEST_F(Packs, WithoutTheEmitProgramTheCommandThatBuildsItIsTold) {
    const Answer answer = command(with(kBench, "--schedule", "naive"),
                                  {{"INVOLUTE_EMIT", folder_ + "/no_such_file"}});
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find("cmake --build --preset release --target involute_emit"),
              std::string::npos)
        << answer.err;
}

// Halide's own words for a schedule that needs a GPU, and those of a C compiler that fails.
TEST_F(Packs, FailuresSpeakInTheCompilersWords) {
    const Answer gpu = command(with(kBench, "--schedule", "anderson2021"));
    EXPECT_EQ(gpu.exit_code, 3);
    EXPECT_NE(gpu.err.find("aggregation_generic baseline anderson2021"), std::string::npos)
        << gpu.err;
    EXPECT_NE(gpu.err.find("does not support GPU"), std::string::npos) << gpu.err;
    const Answer own = command(with(kBench, "--schedule", "own"));
    EXPECT_EQ(own.exit_code, 3);
    EXPECT_NE(own.err.find("no schedule of aggregation is linked"), std::string::npos) << own.err;
    EXPECT_NE(own.err.find("docs/write-a-schedule.md"), std::string::npos) << own.err;

    const std::string compiler = temporary_path("compiler." + std::to_string(getpid()));
    write_file(compiler, "#!/bin/sh\necho this compiler has no mind to\nexit 1\n");
    fs::permissions(compiler, fs::perms::owner_all);
    const Answer words = command(with(kBench, "--schedule", "naive"), {{"CC", compiler}});
    EXPECT_EQ(words.exit_code, 3);
    EXPECT_NE(words.err.find("this compiler has no mind to"), std::string::npos) << words.err;
    fs::remove(compiler);
    EXPECT_TRUE(shared_objects().empty());
    expect_tidy();
}

// Hand schedules on rows for exactly one layer, of groups that have schedules and of others; what
// they do not serve stays with the library's kernels.
TEST_F(Packs, RowsOfOneLayerAreBuiltForIt) {
    const auto row_of = [this](const std::vector<std::string> &settings) {
        std::vector<std::string> words = {"info",   "--row",     "--schedule", "specialised",
                                          "--isa",  "baseline",  "--size",     "56x56",
                                          "--json", "--threads", "1"};
        words.insert(words.end(), settings.begin(), settings.end());
        const Answer answer = command(words);
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        return answer.json().at("layers")[0].at("row").get<std::string>();
    };
    EXPECT_EQ(row_of({"--op", "involution", "--kernel", "5", "--group-channels", "8"}),
              "involution_k5_s1_g8_c64");
    EXPECT_EQ(row_of({"--op", "aggregation", "--kernel", "3", "--group-channels", "1"}),
              "aggregation_k3_s1_g0_c64");
    // Bounds inference feared pixels before the first where channels are constants.
    EXPECT_EQ(
        row_of({"--op", "involution", "--kernel", "3", "--channels", "32", "--reduction", "0"}),
        "involution_single_k3_s1_g16_c32");
    EXPECT_EQ(row_of({"--op", "conv2d", "--kernel", "1"}), "conv2d_point");
    EXPECT_EQ(shared_objects().size(), 3u);
}

// A file in the place of a pack that is none, or holds no kernels.
TEST_F(Packs, WhatIsNoneIsRefused) {
    ASSERT_EQ(command(with(kBench, "--schedule", "naive")).exit_code, 0);
    ASSERT_EQ(shared_objects().size(), 1u);
    const std::string path = shared_objects()[0];
    write_file(path, "no shared object");
    const Answer answer = command(with(kBench, "--schedule", "naive"));
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find(path), std::string::npos) << answer.err;
}

} // namespace
} // namespace involute::test
