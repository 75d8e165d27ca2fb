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
    expect_refused(with({"--target", "arm-64-linux,x86-64-linux"}), 2, "of one processor");
    expect_refused(with({"--target", "arm-64-android"}), 3, "compiles no libraries for it");
    expect_refused(with({"--name", "5x"}), 2, "--name");
    expect_refused(with({"--name", "involute_x"}), 2, "--name");
    expect_refused(with({"--kernel", "4"}), 2, "kernel");
    expect_refused(with({"--kernel", "3,5"}), 2, "found 2");
    expect_refused(with({"--size", "0x4"}), 2, "--size");
    expect_refused(with({"--emit", "bitcode"}), 2, "--emit");
    expect_refused(with({"--schedule", "tuned", "--wisdom", "no_such.json"}), 2, "no_such.json");
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

// Names what stands in for the emit program; gone at the end.
class Script {
public:
    Script(const std::string &name, const std::string &lines)
        : path_(temporary_path(name + "." + std::to_string(getpid()))) {
        write_file(path_, "#!/bin/sh\n" + lines + "\n");
        fs::permissions(path_, fs::perms::owner_all);
    }
    ~Script() {
        fs::remove(path_);
    }
    const std::string &path() const {
        return path_;
    }

private:
    std::string path_;
};

const std::string kRealEmit = std::string("exec '") + INVOLUTE_EMIT + "' \"$@\"";
const std::string kLoaderWords =
    "echo 'libHalide.so: cannot open shared object file: No such file or directory'; exit 127";
const Words kSmallest = {"--op",     "max_pool",     "--channels", "16",
                         "--target", "x86-64-linux", "--schedule", "naive"};

// What else is linked is found where this program has it.
TEST_F(Compile, AnEmitProgramMayLieAnywhere) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const Script emit("emit", "echo \"$@\" >> " + temporary_path("words") + "; " + kRealEmit);
    const Answer answer = compile(
        {"--op", "max_pool", "--channels", "16", "--target", "x86-64-linux", "--schedule", "naive"},
        {{"INVOLUTE_EMIT", emit.path()}});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_NE(read_file(temporary_path("words")).find("--schedule naive"), std::string::npos);
    fs::remove(temporary_path("words"));
}

TEST_F(Compile, WithoutHalideTheCommandThatInstallsItIsTold) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const Script emit("emit", kLoaderWords);
    // A Python without it, and one that tells a folder that has none.
    for (const char *lines : {"exit 1", "echo /nowhere"}) {
        const Script python("python", lines);
        const Answer answer = compile(
            kSmallest, {{"INVOLUTE_EMIT", emit.path()}, {"INVOLUTE_PYTHON", python.path()}});
        EXPECT_EQ(answer.exit_code, 3);
        EXPECT_NE(answer.err.find("pip install halide==21.0.0 installs it"), std::string::npos)
            << answer.err;
        EXPECT_NE(answer.err.find("cannot open shared object"), std::string::npos) << answer.err;
        EXPECT_TRUE(files(folder_).empty());
    }
    // Kernels that are there already are linked without it.
    const Answer network =
        compile({"--model", "rednet-digits", "--embed"}, {{"INVOLUTE_EMIT", emit.path()}});
    EXPECT_EQ(network.exit_code, 0) << network.err;
}

TEST_F(Compile, HalideIsAskedOfPython) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    const Script python("python", "echo /somewhere/halide");
    const Script emit("emit", "case $LD_LIBRARY_PATH in /somewhere/halide/lib64:/before) " +
                                  kRealEmit + ";; esac; " + kLoaderWords);
    const Answer answer = compile(kSmallest, {{"INVOLUTE_EMIT", emit.path()},
                                              {"INVOLUTE_PYTHON", python.path()},
                                              {"LD_LIBRARY_PATH", "/before"}});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
}

TEST_F(Compile, OwnSchedulesAreAskedFor) {
    if (!has_parts())
        GTEST_SKIP() << "no parts: libraries are linked with GNU ld and objcopy";
    expect_refused({"--op", "aggregation", "--schedule", "own"}, 3,
                   "no schedule of aggregation is linked");
    expect_refused({"--op", "involution", "--schedule", "own"}, 3,
                   "own::schedule(generators::Involution &, ...)");
    EXPECT_TRUE(files(folder_).empty());
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
