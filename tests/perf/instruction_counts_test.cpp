// The gate: no kernel executes more instructions than it is pinned to, which holds on a busy
// machine too. And that the gate works: the counts are exact, and a worse schedule turns it red.
#include <gtest/gtest.h>

#include <set>

#include "core/isa.h"
#include "core/registry.h"
#include "tests/kernels/emitted_library.h"
#include "tests/perf/callgrind.h"
#include "tests/perf/pins.h"

namespace involute::perf {
namespace {

std::string source_file(const char *name) {
    return whole_file(std::string(INVOLUTE_SOURCE_DIR) + "/" + name);
}

std::vector<Pin> pinned() {
    std::vector<Pin> pins;
    std::string error;
    EXPECT_TRUE(parse_pins(source_file("tests/perf/instruction_counts.txt"), &pins, &error))
        << error;
    EXPECT_FALSE(pins.empty());
    return pins;
}

std::vector<Count> counted(const CountRequest &request) {
    std::vector<Count> counts;
    std::string error;
    EXPECT_TRUE(count_instructions(request, &counts, &error)) << error;
    return counts;
}

void expect_none(const std::vector<std::string> &problems) {
    for (const std::string &problem : problems)
        ADD_FAILURE() << problem;
}

// Small cases, with and without parallel loops, scratch memory and memset.
CountRequest small_request() {
    CountRequest request;
    request.isa = "avx2";
    request.filter = "/14x14/";
    return request;
}

void expect_same(const std::vector<Count> &a, const std::vector<Count> &b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].name, b[i].name);
        EXPECT_EQ(a[i].instructions, b[i].instructions) << a[i].name;
    }
}

class InstructionCounts : public ::testing::TestWithParam<const char *> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Isas, InstructionCounts, ::testing::Values("baseline", "avx2", "avx512"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(InstructionCounts, AreAsPinned) {
    const std::string reason = reason_not_to_count(GetParam());
    if (!reason.empty())
        GTEST_SKIP() << reason;
    expect_none(compare_with_pins(GetParam(), counted(whole_request(GetParam())), pinned()));
}

TEST_P(InstructionCounts, EveryRowHasACase) {
    const std::string isa = GetParam(), reason = reason_not_to_count(isa);
    if (!reason.empty())
        GTEST_SKIP() << reason;
    std::vector<Count> cases;
    std::string error;
    ASSERT_TRUE(list_counts(whole_request(isa), &cases, &error)) << error;
    std::set<std::string> rows;
    for (const Count &one : cases)
        rows.insert(one.row);
    for (const KernelEntry &kernel : kernel_table()) {
        EXPECT_TRUE(isa_name(kernel.isa) != isa || rows.count(kernel.row) == 1)
            << kernel.row << ": no case takes this row; add one to tests/perf/counted/cases.cpp";
    }
}

TEST(InstructionPins, RiseOnlyWithALineInTheChangelog) {
    expect_none(check_rises(pinned(), source_file("CHANGELOG.md")));
}

TEST(InstructionCountsExact, TheEnvironmentChangesNothing) {
    const std::string reason = reason_not_to_count("avx2");
    if (!reason.empty())
        GTEST_SKIP() << reason;
    const std::vector<Count> first = counted(small_request());
    ASSERT_FALSE(first.empty());
    // Another place for the stack, another choice of libc's functions.
    CountRequest other = small_request();
    other.environment = {"PADDING=" + std::string(5000, 'x'),
                         "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM"};
    expect_same(first, counted(other));
}

TEST(InstructionCountsExact, SubstitutesOfFusedMultiplyAddsChangeNothing) {
    const std::string reason = reason_not_to_count("avx2");
    if (!reason.empty())
        GTEST_SKIP() << reason;
    CountRequest request = small_request();
    request.filter = "/14x14/single";
    const std::vector<Count> quick = counted(request);
    request.emulate_fma = true;
    ASSERT_FALSE(quick.empty());
    expect_same(quick, counted(request));
}

TEST(InstructionCountsGate, TurnsRedOnAWorseSchedule) {
    const std::string reason = reason_not_to_count("avx2");
    if (!reason.empty())
        GTEST_SKIP() << reason;
    kernel_tests::EmitRequest worse;
    worse.isa = "avx2", worse.knobs = "tile=2,tile_b=0";
    CountRequest request;
    request.isa = worse.isa;
    request.filter = "/512-2048/7x7";
    std::vector<Count> cases;
    std::string error;
    ASSERT_TRUE(list_counts(request, &cases, &error)) << error;
    ASSERT_EQ(cases.size(), 1u);
    worse.row = request.row = cases[0].row; // what this layer takes now
    request.library = kernel_tests::emitted_library(worse, &error);
    ASSERT_FALSE(request.library.empty()) << error;
    const std::vector<Count> counts = counted(request);
    ASSERT_EQ(counts.size(), 1u);
    ASSERT_EQ(counts[0].row, worse.row);
    std::vector<Pin> pins;
    for (const Pin &pin : pinned()) {
        if (pin.name == counts[0].name && pin.isa == worse.isa)
            pins.push_back(pin);
    }
    ASSERT_EQ(pins.size(), 1u);
    const std::vector<std::string> problems = compare_with_pins(worse.isa, counts, pins);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_NE(problems[0].find("% above (3% allowed)"), std::string::npos) << problems[0];
    // The kernel as it is, built the same way, passes: it is the schedule that is seen.
    worse.knobs = "";
    request.library = kernel_tests::emitted_library(worse, &error);
    ASSERT_FALSE(request.library.empty()) << error;
    expect_none(compare_with_pins(worse.isa, counted(request), pins));
}

} // namespace involute::perf
