// `involute compile`: what it writes, and what it says of options that cannot be. That its
// libraries compute what they should is tested from outside (integration/compiled.sh).
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

class Compile : public ::testing::Test {
protected:
    Compile() : folder_(temporary_path("compile." + std::to_string(getpid()))) {
        fs::remove_all(folder_);
    }
    ~Compile() override {
        fs::remove_all(folder_);
    }
    Answer compile(Words words, const std::map<std::string, std::string> &environment = {}) const {
        words.insert(words.begin(), "compile");
        words.insert(words.end(), {"-o", folder_});
        return run_command(words, environment);
    }
    // Exit code and a part of the message; nothing was written.
    void expect_refused(const Words &words, int exit_code, const std::string &message) const {
        const Answer answer = compile(words);
        EXPECT_EQ(answer.exit_code, exit_code) << answer.err;
        EXPECT_NE(answer.err.find(message), std::string::npos) << answer.err;
        EXPECT_EQ(answer.out, "");
        EXPECT_FALSE(fs::exists(folder_ + "/README.md"));
    }
    bool has_parts() const {
        return fs::exists(std::string(INVOLUTE_BINARY_DIR) + "/emit/involute_core.o");
    }
    std::vector<std::string> files(const std::string &folder) const {
        std::vector<std::string> names;
        for (const auto &entry : fs::directory_iterator(folder))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }

    const std::string folder_;
};

TEST_F(Compile, WritesAnOperatorWithItsConstants) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const Answer answer =
        compile({"--op", "aggregation", "--kernel", "5", "--group-channels", "8", "--channels",
                 "32", "--size", "14x15", "--batch", "1", "--target", "x86-64-linux", "--name",
                 "window", "--emit", "stmt,assembly,llvm,html", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const std::string symbol = "inv_aggregation_k5_s1_g8_c32_14x15_b1_f32__baseline_hand";
    EXPECT_EQ(answer.json().at("kernels"), nlohmann::json({symbol}));
    EXPECT_EQ(answer.json().at("targets"), nlohmann::json({"x86-64-linux"}));
    EXPECT_EQ(files(folder_), (Words{"README.md", "libwindow.a", "window.cmake", "window.h",
                                     "window.kernels", "window.pc"}));
    EXPECT_EQ(files(folder_ + "/window.kernels"),
              (Words{symbol + ".ll", symbol + ".s", symbol + ".stmt", symbol + ".stmt.html"}));
    const std::string header = read_file(folder_ + "/window.h");
    EXPECT_NE(header.find("int64_t channels; /* only 32, or 0 */"), std::string::npos) << header;
    EXPECT_NE(header.find("const float *kernels, float *output"), std::string::npos) << header;
    EXPECT_EQ(header.find('@'), std::string::npos) << header;
    const std::string readme = read_file(folder_ + "/README.md");
    EXPECT_NE(readme.find("scratch"), std::string::npos) << readme;
    EXPECT_NE(readme.find("--group-channels 8"), std::string::npos) << readme;
}

TEST_F(Compile, WritesANetwork) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const Answer answer = compile({"--model", "rednet26", "--size", "64x96", "--target",
                                   "x86-64-linux,x86-64-linux-avx2,x86-64-linux-avx512", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at("name"), "rednet26");
    const std::string header = read_file(folder_ + "/rednet26.h");
    EXPECT_NE(header.find("const char *weights; /* safetensors file */"), std::string::npos);
    EXPECT_NE(header.find("int64_t width; /* 0: 96 */"), std::string::npos) << header;
    EXPECT_NE(read_file(folder_ + "/README.md").find("64x96"), std::string::npos);
    // A network takes a part of the kernels only.
    EXPECT_LT(answer.json().at("bytes"), 5 << 20);
}

TEST_F(Compile, WrongUseIsNamed) {
    const Words op = {"--op", "involution"};
    const auto with = [&op](const Words &more) {
        Words words = op;
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    expect_refused({}, 2, "--op");
    expect_refused(with({"--model", "rednet26"}), 2, "--model");
    expect_refused({"--op", "dense"}, 2, "--channels: expected");
    expect_refused({"--op", "local", "--channels", "8"}, 2, "--size: expected");
    expect_refused({"--op", "sum"}, 2, "found \"sum\"");
    expect_refused({"--op", "conv2d"}, 2, "--channels");
    expect_refused(with({"--target", "x86-64-linux-avx"}), 2, "--target: expected x86-64-linux");
    expect_refused(with({"--target", "arm-64-linux"}), 3, "no schedules for it");
    expect_refused(with({"--target", "arm-64-android"}), 3, "no schedules for it");
    expect_refused(with({"--name", "5x"}), 2, "--name");
    expect_refused(with({"--name", "involute_x"}), 2, "--name");
    expect_refused(with({"--kernel", "4"}), 2, "kernel");
    expect_refused(with({"--kernel", "3,5"}), 2, "found 2");
    expect_refused(with({"--size", "0x4"}), 2, "--size");
    expect_refused(with({"--emit", "bitcode"}), 2, "--emit");
    expect_refused(with({"--schedule", "tuned"}), 3, "tuned");
    expect_refused(with({"--schedule", "best"}), 2, "--schedule");
    expect_refused(with({"--dtype", "bf16"}), 3, "bf16");
    expect_refused(with({"--embed"}), 2, "--embed");
    expect_refused({"--model", "rednet26", "--embed"}, 2, "--embed: expected --weights");
    expect_refused({"--model", "rednet27"}, 2, "--model");
    expect_refused({"--model", "rednet26", "--weights", "no_such_file"}, 2, "no_such_file");
}

TEST_F(Compile, TheFolderMustBeWritable) {
    write_file(folder_, "a file");
    const Answer answer = compile({"--op", "involution"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("-o " + folder_), std::string::npos) << answer.err;
    EXPECT_EQ(read_file(folder_), "a file");
    const Answer none = run_command({"compile", "--op", "involution"});
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_NE(none.err.find("-o"), std::string::npos) << none.err;
}

TEST_F(Compile, WithoutTheEmitProgramTheCommandThatBuildsItIsTold) {
    const Answer answer = compile({"--op", "involution"}, {{"INVOLUTE_EMIT", folder_ + "/none"}});
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find("cmake --build --preset release --target involute_emit"),
              std::string::npos)
        << answer.err;
}

// The emit program alone is not enough.
TEST_F(Compile, WithoutTheRuntimeToLinkTheCommandThatBuildsItIsTold) {
    const std::string emit = temporary_path("emit." + std::to_string(getpid()));
    write_file(emit, "");
    const Answer answer = compile({"--op", "involution"}, {{"INVOLUTE_EMIT", emit}});
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find("involute_core.o"), std::string::npos) << answer.err;
    EXPECT_NE(answer.err.find("--target involute_parts"), std::string::npos) << answer.err;
    fs::remove(emit);
}

// Nothing of a failed build is left.
TEST_F(Compile, FailuresSpeakInTheCompilersWords) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const std::string compiler = temporary_path("cc." + std::to_string(getpid()));
    write_file(compiler, "#!/bin/sh\necho this compiler has no mind to\nexit 1\n");
    fs::permissions(compiler, fs::perms::owner_all);
    const Answer answer = compile({"--op", "max_pool", "--channels", "16"}, {{"CC", compiler}});
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find("this compiler has no mind to"), std::string::npos) << answer.err;
    EXPECT_TRUE(files(folder_).empty());
    fs::remove(compiler);
}

} // namespace
} // namespace involute::test
