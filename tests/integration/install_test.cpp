// The installed package: a C program outside the tree classifies a picture with it, built against a
// prefix that was moved, by Debian's CMake and by pkg-config.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Outcome {
    int code;
    std::string output;
};

Outcome shell(const std::string &command) {
    Outcome outcome{-1, ""};
    FILE *pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr)
        return outcome;
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, pipe)) > 0;)
        outcome.output.append(part, got);
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

class Install : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = fs::path(::testing::TempDir()) / ("involute-install-" + std::to_string(getpid()));
        fs::create_directories(folder_);
        // The cmake that configured this build; PATH may hold an older one for the consumer.
        const Outcome installed =
            shell(std::string(INVOLUTE_CMAKE) + " --install " + INVOLUTE_BINARY_DIR + " --prefix " +
                  (folder_ / "first").string());
        ASSERT_EQ(installed.code, 0) << installed.output;
        fs::rename(folder_ / "first", prefix());
        fs::copy(fs::path(INVOLUTE_SOURCE_DIR) / "examples/01_classify_from_c", folder_ / "app");
    }
    void TearDown() override {
        fs::remove_all(folder_);
    }
    fs::path prefix() const {
        return folder_ / "moved";
    }
    void expect_right_answers(const std::string &program) const {
        int pictures = 0;
        for (const auto &entry :
             fs::directory_iterator(fs::path(INVOLUTE_SOURCE_DIR) / "examples/images")) {
            if (entry.path().extension() != ".png")
                continue;
            const Outcome answer =
                shell(program + " " + INVOLUTE_SOURCE_DIR + "/models/rednet-digits.safetensors " +
                      entry.path().string());
            EXPECT_EQ(answer.code, 0) << answer.output;
            EXPECT_EQ(answer.output, entry.path().filename().string().substr(0, 1) + "\n");
            pictures++;
        }
        EXPECT_EQ(pictures, 20);
    }

    fs::path folder_;
};

TEST_F(Install, DebiansCMakeBuildsAnApplication) {
    if (access("/usr/bin/cmake", X_OK) != 0)
        GTEST_SKIP() << "Debian's cmake is not installed";
    const std::string build = (folder_ / "build").string();
    const Outcome configured = shell("/usr/bin/cmake -S " + (folder_ / "app").string() + " -B " +
                                     build + " -DCMAKE_PREFIX_PATH=" + prefix().string());
    ASSERT_EQ(configured.code, 0) << configured.output;
    const Outcome built = shell("/usr/bin/cmake --build " + build);
    ASSERT_EQ(built.code, 0) << built.output;
    expect_right_answers(build + "/classify");
}

TEST_F(Install, PkgConfigBuildsAnApplication) {
    std::string pc;
    for (const auto &entry : fs::recursive_directory_iterator(prefix())) {
        if (entry.path().filename() == "involute.pc")
            pc = entry.path().parent_path().string();
    }
    ASSERT_FALSE(pc.empty());
    const std::string program = (folder_ / "classify").string();
    const Outcome built =
        shell("cc -std=c11 -Wall -Werror " + (folder_ / "app/main.c").string() + " -o " + program +
              " $(PKG_CONFIG_PATH=" + pc + " pkg-config --cflags --libs involute)");
    ASSERT_EQ(built.code, 0) << built.output;
    expect_right_answers("LD_LIBRARY_PATH=" + fs::path(pc).parent_path().string() + " " + program);
}

TEST_F(Install, TheCommandRunsFromTheMovedPrefix) {
    const Outcome answer = shell((prefix() / "bin/involute").string() + " info");
    EXPECT_EQ(answer.code, 0) << answer.output;
    EXPECT_EQ(shell((prefix() / "bin/involute").string() + " --version").code, 0);
}

} // namespace
