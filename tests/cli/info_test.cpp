// `involute info` and `involute doctor`.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <utility>

#include "tests/cli/command.h"

namespace involute::test {
namespace {

using nlohmann::json;

TEST(Info, TheLibrary) {
    const json about = run_command({"info", "--json"}).json();
    EXPECT_FALSE(about.at("why").get<std::string>().empty());
    std::set<std::string> ops;
    for (const json &kernel : about.at("kernels"))
        ops.insert(kernel.at("op").get<std::string>());
    for (const char *op :
         {"involution", "aggregation", "kernel_generation", "conv2d", "max_pool", "avg_pool",
          "global_pool", "dense", "aggregation_grad_input", "aggregation_grad_weight"})
        EXPECT_EQ(ops.count(op), 1u) << op;
    const Answer text = run_command({"info"});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_NE(text.out.find(about.at("isa").get<std::string>()), std::string::npos);
    EXPECT_NE(text.out.find("involution_k7_s1"), std::string::npos);
}

TEST(Info, TheCapIsTheReason) {
    const json about = run_command({"info", "--json"}, {{"INVOLUTE_MAX_ISA", "baseline"}}).json();
    EXPECT_EQ(about.at("isa"), "baseline");
    EXPECT_NE(about.at("why").get<std::string>().find("INVOLUTE_MAX_ISA"), std::string::npos)
        << about.at("why");
}

TEST(Info, ParametersAndMacsOfNetworks) {
    const std::pair<const char *, std::pair<int64_t, int64_t>> expected[] = {
        {"rednet26", {9233166, 1685176832}},
        {"rednet50", {15540806, 2648505856}},
        {"resnet50", {25557032, 4089184256}}};
    for (const auto &[model, numbers] : expected) {
        const json about =
            run_command({"info", "--model", model, "--size", "224x224", "--json"}).json();
        EXPECT_EQ(about.at("architecture").at("parameters"), numbers.first) << model;
        EXPECT_EQ(about.at("macs"), numbers.second) << model;
        EXPECT_GT(about.at("memory").at("weights").get<int64_t>(), 4 * numbers.first * 9 / 10);
        for (const json &layer : about.at("layers")) {
            EXPECT_FALSE(layer.at("row").get<std::string>().empty());
            EXPECT_FALSE(layer.at("why").get<std::string>().empty());
        }
    }
}

TEST(Info, TheRowOfAnOperator) {
    const Answer answer = run_command({"info", "--row", "--op", "involution", "--channels", "128",
                                       "--kernel", "7", "--stride", "2", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at("layers").at(0).at("row"), "involution_k7_s2");
    const Answer generic = run_command(
        {"info", "--row", "--op", "aggregation", "--kernel", "1x9", "--border", "clamp", "--json"});
    ASSERT_EQ(generic.exit_code, 0) << generic.err;
    const json layer = generic.json().at("layers").at(0);
    EXPECT_EQ(layer.at("row"), "aggregation_clamp");
    EXPECT_EQ(layer.at("kernel"), json({1, 9}));
    const std::string why = layer.at("why");
    EXPECT_NE(why.find("not aggregation_k3_s1: kernel 3 only"), std::string::npos) << why;
}

// Three products with biases; scores, softmax and sum have no parameters.
TEST(Info, LocalAttentionIsSixLayers) {
    const Answer answer = run_command({"info", "--row", "--op", "local_attention", "--channels",
                                       "48", "--kernel", "5", "--size", "9x10", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const json about = answer.json();
    EXPECT_EQ(about.at("architecture").at("parameters"), 3 * (48 * 48 + 48));
    EXPECT_EQ(about.at("macs"), 90 * (3 * 48 * 48 + 2 * 48 * 25));
    std::vector<std::string> ops;
    for (const json &layer : about.at("layers"))
        ops.push_back(layer.at("op"));
    EXPECT_EQ(ops, (std::vector<std::string>{"conv2d", "conv2d", "aggregation_grad_weight",
                                             "softmax", "conv2d", "aggregation"}));
}

TEST(Doctor, ThisMachineRunsTheCommand) {
    const Answer answer = run_command({"doctor", "--json"});
    EXPECT_EQ(answer.exit_code, 0) << answer.out;
    std::set<std::string> names;
    for (const json &row : answer.json()) {
        names.insert(row.at("what").get<std::string>());
        EXPECT_NE(row.at("state"), "missing") << row;
        EXPECT_EQ(row.contains("mend"), row.at("state") != "ok") << row;
    }
    for (const char *what : {"CPU", "cores", "memory", "library", "kernels", "rednet-digits",
                             "pictures", "baseline", "avx2", "avx512"})
        EXPECT_EQ(names.count(what), 1u) << what;
}

bool cpu_has(const std::string &flag) {
    std::ifstream file("/proc/cpuinfo");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return text.find(" " + flag + " ") != std::string::npos;
}

TEST(Doctor, TimesTheTypesThatThisCpuMultiplies) {
    std::string found;
    for (const json &row : run_command({"doctor", "--json"}).json())
        if (row.at("what") == "multiply-adds")
            found = row.at("found");
    ASSERT_NE(found.find("f32 "), std::string::npos) << found;
    const bool avx512 = found.rfind("avx512", 0) == 0, avx2 = found.rfind("avx2", 0) == 0;
    const std::pair<const char *, bool> types[] = {
        {"bf16", avx512 && cpu_has("avx512_bf16")},
        {"int8", (avx512 && cpu_has("avx512_vnni")) || (avx2 && cpu_has("avx_vnni"))}};
    for (const auto &[name, has] : types) {
        std::smatch match;
        const bool timed = std::regex_search(
            found, match, std::regex(std::string(name) + R"( [0-9.]+ \(([0-9.]+) times f32\))"));
        EXPECT_EQ(timed, has) << name << ": " << found;
        // By the values of an instruction 2 and 4; some CPUs begin one of bf16 every second cycle.
        if (timed) {
            EXPECT_GT(std::stod(match[1]), 0.2) << found;
            EXPECT_LT(std::stod(match[1]), 5.0) << found;
        }
    }
}

TEST(Doctor, SaysHowToMendWhatIsMissing) {
    const Answer answer = run_command({"doctor", "--json"}, {{"PATH", "/nowhere"}});
    EXPECT_EQ(answer.exit_code, 0); // optional things only
    bool found = false;
    for (const json &row : answer.json())
        if (row.at("what") == "git") {
            found = true;
            EXPECT_EQ(row.at("state"), "optional");
            EXPECT_NE(row.at("mend").get<std::string>().find("apt-get install git"),
                      std::string::npos);
        }
    EXPECT_TRUE(found);
}

} // namespace
} // namespace involute::test
