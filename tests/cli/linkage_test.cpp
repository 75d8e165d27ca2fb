// What the command and the library load at run time: neither Halide, LLVM nor Python.
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace involute::test {
namespace {

// The "Shared library: [...]" lines of `readelf -d`.
std::string needed(const std::string &path) {
    FILE *pipe = popen(("LC_ALL=C readelf -d '" + path + "' 2>&1").c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << "readelf does not start";
        return "";
    }
    std::string all, lines;
    char part[4096];
    while (std::fgets(part, sizeof part, pipe) != nullptr) {
        all += part;
        if (std::string(part).find("(NEEDED)") != std::string::npos)
            lines += part;
    }
    const int status = pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << all;
    return lines;
}

void expect_free_of_generators(const std::string &path) {
    const std::string lines = needed(path);
    EXPECT_NE(lines.find("[libc.so"), std::string::npos) << path << ": " << lines;
    for (const char *library : {"libHalide", "libLLVM", "libpython"})
        EXPECT_EQ(lines.find(library), std::string::npos) << path << ": " << lines;
}

TEST(Linkage, TheCommandNeedsTheLibraryOnly) {
    expect_free_of_generators(INVOLUTE_COMMAND);
    EXPECT_NE(needed(INVOLUTE_COMMAND).find("[libinvolute.so"), std::string::npos);
}

TEST(Linkage, TheLibraryNeedsNoGenerator) {
    expect_free_of_generators(std::string(INVOLUTE_BINARY_DIR) + "/libinvolute.so");
}

} // namespace
} // namespace involute::test
