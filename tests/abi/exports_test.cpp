// What the libraries show: every function of the header and nothing else, few enough to be read.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/kernels/emitted_library.h"

namespace {

constexpr size_t kMostFunctions = 40;

std::set<std::string> declared() {
    std::ifstream file(std::string(INVOLUTE_SOURCE_DIR) + "/runtime/include/involute/involute.h");
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const std::regex function(R"(INVOLUTE_API[^(;]*?(involute_\w+)\()");
    std::set<std::string> names;
    for (std::sregex_iterator at(text.begin(), text.end(), function), end; at != end; ++at)
        names.insert((*at)[1]);
    return names;
}

// The third word of every line of nm that has three: symbols that are defined and visible.
std::set<std::string> visible(const std::string &option, const std::string &path) {
    const auto listed = involute::kernel_tests::run_command(
        {"nm", "--defined-only", "--extern-only", option, path});
    EXPECT_EQ(listed.exit_code, 0) << listed.output;
    std::set<std::string> names;
    std::istringstream lines(listed.output);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string address, kind, name;
        if (words >> address >> kind >> name)
            names.insert(name);
    }
    return names;
}

TEST(Exports, TheInterfaceIsSmall) {
    EXPECT_GE(declared().size(), 31u);
    EXPECT_LE(declared().size(), kMostFunctions);
}

TEST(Exports, TheSharedLibraryShowsTheHeaderAndNothingElse) {
    EXPECT_EQ(visible("--dynamic", INVOLUTE_LIBRARY), declared());
}

TEST(Exports, TheArchiveShowsTheHeaderAndOneSeam) {
    const std::string archive = std::string(INVOLUTE_BINARY_DIR) + "/libinvolute.a";
    if (!std::ifstream(archive))
        GTEST_SKIP() << "no static library in this build";
    std::set<std::string> expected = declared();
    expected.insert("involute_internal_image_load"); // between its two members
    EXPECT_EQ(visible("--no-sort", archive), expected);
}

} // namespace
