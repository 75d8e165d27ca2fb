// Objects for the systems that 64-bit ARM processors run.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace involute::emit {
namespace {

namespace fs = std::filesystem;

template <typename T>
T at(const std::string &bytes, size_t offset) {
    T value = 0;
    if (offset + sizeof value <= bytes.size()) {
        std::memcpy(&value, bytes.data() + offset, sizeof value);
    }
    return value;
}

class ArmObjects : public ::testing::TestWithParam<const char *> {};

TEST_P(ArmObjects, AreOfTheirSystem) {
    const std::string os = GetParam(), folder = ::testing::TempDir() + "involute_objects_" + os;
    fs::create_directories(folder);
    for (const std::string name : {"aggregation_k7_s1", "dense", "relu_grad"}) {
        const std::string command = std::string(INVOLUTE_EMIT) + " --isa neon --os " + os +
                                    " --row " + name + " --out " + folder;
        ASSERT_EQ(std::system(command.c_str()), 0) << command;
        const std::string symbol = "inv_" + name + "_f32__neon_hand";
        std::ifstream file(folder + "/" + symbol + ".o", std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
        EXPECT_GT(bytes.size(), 2000u) << command;
        EXPECT_NE(bytes.find(symbol + "_argv"), std::string::npos) << "what the runtime calls";
        if (os == "linux" || os == "android") {
            EXPECT_EQ(bytes.compare(0, 5, "\x7f" "ELF\x02"), 0);
            EXPECT_EQ(at<uint16_t>(bytes, 18), 183) << "EM_AARCH64";
        } else {
            EXPECT_EQ(at<uint32_t>(bytes, 0), 0xfeedfacfu) << "64-bit Mach-O";
            EXPECT_EQ(at<uint32_t>(bytes, 4), 0x0100000cu) << "CPU_TYPE_ARM64";
            const std::string underscored = "_" + symbol + "_argv";
            EXPECT_NE(bytes.find(underscored), std::string::npos) << "names begin with _ there";
        }
    }
    fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Systems, ArmObjects,
                         ::testing::Values("linux", "android", "ios", "osx"));

} // namespace
} // namespace involute::emit
