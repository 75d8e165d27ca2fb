// `involute verify` passes what is right and finds what is wrong: one value moved by a thousandth
// of its tensor's maximum, a NaN, a file without cases.
#include <cmath>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/cli/command.h"
#include "tests/cli/tensor_file.h"

namespace involute::test {
namespace {

const std::string kLayers = "tests/reference/layers.safetensors";
const std::string kAttention = "tests/reference/attention.safetensors";
const std::string kTiny = "tests/reference/tiny.safetensors";
const std::string kSynthetic = "tests/reference/synthetic.safetensors";

struct Counts {
    int passed = -1, failed = -1, not_covered = -1;
};

Counts counts(const Answer &answer) {
    Counts found;
    const size_t line = answer.out.rfind('\n', answer.out.size() - 2);
    std::sscanf(answer.out.c_str() + (line == std::string::npos ? 0 : line + 1),
                "%d passed, %d failed, %d not covered", &found.passed, &found.failed,
                &found.not_covered);
    return found;
}

TEST(Verify, LayersAreWhollyCovered) {
    const Answer answer = run_command({"verify", source_path(kLayers), "--threads", "1,2"});
    EXPECT_EQ(answer.exit_code, 0) << answer.out;
    EXPECT_EQ(answer.out, "204 passed, 0 failed, 0 not covered\n"); // 34 cases, 6 results each
}

TEST(Verify, AttentionIsWhollyCovered) {
    const Answer answer = run_command({"verify", source_path(kAttention), "--threads", "1,2"});
    EXPECT_EQ(answer.exit_code, 0) << answer.out;
    EXPECT_EQ(answer.out, "20 passed, 0 failed, 0 not covered\n"); // 10 cases, 2 results each
}

TEST(Verify, NetworksAreWhollyCovered) {
    const Answer answer = run_command({"verify", source_path(kTiny), source_path(kSynthetic)});
    EXPECT_EQ(answer.exit_code, 0) << answer.out;
    EXPECT_EQ(answer.out, "80 passed, 0 failed, 0 not covered\n"); // 15 and 65
}

TEST(Verify, FilterChoosesByName) {
    const Answer answer =
        run_command({"verify", source_path(kLayers), "--filter", "rednet_like/output", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const nlohmann::json report = answer.json();
    EXPECT_EQ(report.at("passed"), 1);
    EXPECT_EQ(report.at("failed"), 0);
    EXPECT_EQ(report.at("not_covered"), 0);
    EXPECT_EQ(run_command({"verify", source_path(kLayers), "--filter", "no such"}).exit_code, 2);
}

TEST(Verify, JsonHasTheBitsOfEveryRun) {
    const Answer answer = run_command({"verify", source_path(kTiny), "--threads", "1,2", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    std::map<std::string, std::set<std::string>> bits; // by tensor
    std::set<std::string> all;
    const nlohmann::json report = answer.json();
    for (const nlohmann::json &row : report.at("results")) {
        bits[row.at("tensor")].insert(row.at("bits").get<std::string>());
        all.insert(row.at("bits").get<std::string>());
    }
    EXPECT_EQ(bits.size(), 15u);
    EXPECT_GT(all.size(), 10u) << "results differ";
    for (const auto &[tensor, hashes] : bits)
        EXPECT_EQ(hashes.size(), 1u) << tensor << ": other bits with another number of threads";
}

struct Spoiled {
    const char *name;
    std::string file, tensor;
    size_t index;
    const char *shown; // the index as the message has it
};

std::ostream &operator<<(std::ostream &stream, const Spoiled &spoiled) {
    return stream << spoiled.name;
}

class VerifySpoiled : public ::testing::TestWithParam<Spoiled> {
protected:
    // Runs on a copy with one value changed.
    Answer verify_with(float value, std::vector<std::string> options = {}) {
        TensorFile file(source_path(GetParam().file));
        file.set(GetParam().tensor, GetParam().index, value);
        file.save(path_);
        options.insert(options.begin(), {"verify", path_, "--filter", GetParam().tensor});
        const Answer answer = run_command(options);
        std::remove(path_.c_str());
        return answer;
    }
    const std::string path_ = temporary_path("spoiled.safetensors");
};

TEST_P(VerifySpoiled, AMovedValueIsFound) {
    const std::vector<float> values =
        TensorFile(source_path(GetParam().file)).values(GetParam().tensor);
    float largest = 0;
    for (float value : values)
        largest = std::max(largest, std::abs(value));
    const float moved = values[GetParam().index] + 1e-3f * largest;
    const Answer answer = verify_with(moved);
    EXPECT_EQ(answer.exit_code, 1) << answer.out << answer.err;
    EXPECT_EQ(counts(answer).failed, 1);
    EXPECT_EQ(counts(answer).passed, 0);
    EXPECT_NE(answer.out.find(GetParam().tensor + GetParam().shown), std::string::npos)
        << answer.out;
    for (const char *text : {"got ", "expected ", "bound ", "repeat: involute verify "})
        EXPECT_NE(answer.out.find(text), std::string::npos) << answer.out;

    const nlohmann::json failure = verify_with(moved, {"--json"}).json().at("failures").at(0);
    EXPECT_EQ(failure.at("tensor"), GetParam().tensor);
    EXPECT_EQ(failure.at("values_outside"), 1);
    EXPECT_FLOAT_EQ(failure.at("expected").get<float>(), moved);
    EXPECT_NEAR(failure.at("got").get<double>(), double{values[GetParam().index]}, 1e-5 * largest);
    EXPECT_GT(failure.at("bound").get<double>(), 0);
    EXPECT_LT(failure.at("bound").get<double>(), 1e-4 * largest);
}

TEST_P(VerifySpoiled, NeitherNanNorInfinityPasses) {
    for (float value : {NAN, INFINITY, -INFINITY}) {
        const Answer answer = verify_with(value);
        EXPECT_EQ(answer.exit_code, 1) << answer.out << answer.err;
        EXPECT_NE(answer.out.find(std::string("expected ") + (std::isnan(value) ? "nan"
                                                              : value > 0       ? "inf"
                                                                                : "-inf")),
                  std::string::npos)
            << answer.out;
        EXPECT_NE(answer.out.find(GetParam().tensor + GetParam().shown), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Tensors, VerifySpoiled,
    ::testing::Values(
        Spoiled{"Kernels", kLayers, "rednet_stem/kernels", 2 * 9 * 256 + 7 * 256 + 17,
                "[1,0,7,1,1]"},
        Spoiled{"Output", kLayers, "rednet_stride2/output", 49 * 5 + 8, "[0,5,1,1]"},
        Spoiled{"LayerOutput", kLayers, "rednet_like/layer_output", 196 * 63 + 195, "[0,63,13,13]"},
        Spoiled{"SingleLayer", kLayers, "single_layer_generation/layer_output", 0, "[0,0,0,0]"},
        Spoiled{"AttentionWeights", kAttention, "k5_odd_sizes/kernels", 100 * 35 - 1,
                "[1,1,24,6,4]"},
        Spoiled{"Attention", kAttention, "dilation2/output", 42 * 3 + 7, "[0,3,1,1]"},
        Spoiled{"Logits", kTiny, "even/logits", 13, "[1,3]"},
        Spoiled{"Stage", kTiny, "odd/stage2", 1, "[0,0,0,1]"},
        Spoiled{"Samples", kSynthetic, "rednet26_160x192_b1/stage3_samples", 1000, "[1000]"}),
    [](const auto &info) { return std::string(info.param.name); });

TEST(VerifyFiles, AWeightThatIsNotFiniteIsFoundInTheOutput) {
    TensorFile file(source_path(kLayers));
    file.set("rednet_like/conv2.conv.bias", 24, NAN);
    const std::string path = temporary_path("nan_weight.safetensors");
    file.save(path);
    const Answer answer =
        run_command({"verify", path, "--filter", "rednet_like/layer_output", "--json"});
    EXPECT_EQ(answer.exit_code, 1) << answer.out;
    // JSON has no number for it, so it is a text: nan, or an infinity.
    EXPECT_TRUE(answer.json().at("failures").at(0).at("got").is_string()) << answer.out;
}

// ReLU turns -inf into 0, so the results are finite and wrong while their bound is infinite.
TEST(VerifyFiles, ABoundThatIsNotFiniteLetsNothingPass) {
    TensorFile file(source_path(kLayers));
    const int64_t hidden = file.shape("rednet_like/conv1.bn.bias").at(0);
    for (int64_t i = 0; i < hidden; ++i)
        file.set("rednet_like/conv1.bn.bias", static_cast<size_t>(i), -INFINITY);
    const std::string path = temporary_path("infinite_bound.safetensors");
    file.save(path);
    for (const char *result : {"kernels", "layer_output"}) {
        const Answer answer = run_command(
            {"verify", path, "--filter", std::string("rednet_like/") + result, "--json"});
        EXPECT_EQ(answer.exit_code, 1) << answer.out << answer.err;
        const nlohmann::json report = answer.json();
        EXPECT_EQ(report.at("passed"), 0) << result;
        ASSERT_EQ(report.at("failures").size(), 1u) << result;
        EXPECT_TRUE(report.at("failures").at(0).at("got").is_number()) << answer.out;
        EXPECT_TRUE(report.at("failures").at(0).at("bound").is_string()) << answer.out;
    }
    std::remove(path.c_str());
}

TEST(VerifyFiles, WhatACaseNeedsMustBeThere) {
    TensorFile file(source_path(kLayers));
    file.rename("rednet_like/input", "rednet_like/inpux");
    const std::string path = temporary_path("no_input.safetensors");
    file.save(path);
    const Answer answer = run_command({"verify", path, "--filter", "rednet_like/output"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("rednet_like/input"), std::string::npos) << answer.err;
}

TEST(VerifyFiles, AttentionNeedsItsProjections) {
    TensorFile file(source_path(kAttention));
    file.rename("k3/key.bias", "k3/kez.bias");
    const std::string path = temporary_path("no_key.safetensors");
    file.save(path);
    const Answer answer = run_command({"verify", path, "--filter", "k3/output"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("k3/key.bias"), std::string::npos) << answer.err;
    std::remove(path.c_str());
}

TEST(VerifyFiles, OtherKindsOfCasesAreNotCovered) {
    std::string bytes = read_file(source_path(kAttention));
    const std::string kind = "local_attention", other = "loyal_attention";
    for (size_t at = 0; (at = bytes.find(kind, at)) != std::string::npos;)
        bytes.replace(at, kind.size(), other);
    const std::string path = temporary_path("other_kind.safetensors");
    write_file(path, bytes);
    const Answer answer = run_command({"verify", path});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.out, "0 passed, 0 failed, 20 not covered\n");
    std::remove(path.c_str());
}

TEST(VerifyFiles, TruncatedIsUnreadable) {
    const std::string bytes = read_file(source_path(kTiny));
    const std::string path = temporary_path("truncated.safetensors");
    write_file(path, bytes.substr(0, bytes.size() / 2));
    const Answer answer = run_command({"verify", path});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.out, "");
    EXPECT_NE(answer.err.find("truncated"), std::string::npos) << answer.err;
}

TEST(VerifyFiles, AModelFileHoldsNoCases) {
    const Answer answer = run_command({"verify", source_path("models/rednet-digits.safetensors")});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("no cases"), std::string::npos) << answer.err;
}

} // namespace
} // namespace involute::test
