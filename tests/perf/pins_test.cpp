// The rules of pinned counts on made-up figures, reading of a profile, and the refresh.
#include "tests/perf/pins.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/kernels/emitted_library.h"

namespace involute::perf {
namespace {

const std::vector<Pin> kPins = {{"a", "avx2", 1000, 900}, {"b", "avx2", 500, 500}};

Count count(const char *name, int64_t instructions, const char *isa = "avx2") {
    return {name, "row", isa, instructions};
}

bool holds(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

std::string work_file(const char *name, const std::string &text) {
    const std::string path = kernel_tests::new_work_folder() + "/" + name;
    std::ofstream(path) << text;
    return path;
}

} // namespace

TEST(Pins, ThreePercentAreAllowedEitherWay) {
    for (int64_t instructions : {970, 1000, 1030})
        EXPECT_TRUE(
            compare_with_pins("avx2", {count("a", instructions), count("b", 500)}, kPins).empty());
    const auto above = compare_with_pins("avx2", {count("a", 1031), count("b", 500)}, kPins);
    ASSERT_EQ(above.size(), 1u);
    EXPECT_EQ(above[0], "a avx2: 1031 instructions, pinned 1000: 3.1% above (3% allowed)");
    const auto below = compare_with_pins("avx2", {count("a", 960), count("b", 500)}, kPins);
    ASSERT_EQ(below.size(), 1u);
    EXPECT_TRUE(holds(below[0], "a avx2: 960 instructions, pinned 1000: 4.0% below (3% allowed)"));
    EXPECT_TRUE(holds(below[0], "--target refresh_instruction_counts")) << below[0];
}

TEST(Pins, CasesAndLinesBelongTogether) {
    const auto problems = compare_with_pins("avx2", {count("a", 1000), count("c", 7)}, kPins);
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_TRUE(holds(problems[0], "c avx2: 7 instructions, not pinned")) << problems[0];
    EXPECT_TRUE(holds(problems[1], "b avx2: pinned, but there is no such case")) << problems[1];
    EXPECT_TRUE(compare_with_pins("baseline", {}, kPins).empty()); // lines of another set
}

TEST(Pins, TextIsReadAndWritten) {
    std::vector<Pin> pins;
    std::string error;
    ASSERT_TRUE(parse_pins(format_pins(kPins), &pins, &error)) << error;
    EXPECT_EQ(format_pins(pins), format_pins(kPins));
    ASSERT_EQ(pins.size(), 2u);
    EXPECT_EQ(pins[0].lowest, 900);
    for (const char *text : {"a avx2 5", "a avx2 5 5 5", "a avx2 5 6", "a avx2 x 5", "a avx2 0 0",
                             "a avx2 5 5\na avx2 5 5"}) {
        EXPECT_FALSE(parse_pins(text, &pins, &error)) << text;
        EXPECT_TRUE(holds(error, "line ")) << error;
    }
}

TEST(Pins, ARiseNeedsItsLineAndAReason) {
    const std::string line = "- instructions: a avx2 900 -> 1000: ";
    EXPECT_TRUE(check_rises(kPins, "# Changes\n" + line + "exact sums\n").empty());
    for (const std::string &changelog :
         {std::string(), line, std::string("- instructions: a avx2 900 -> 1001: why"),
          std::string("- instructions: a baseline 900 -> 1000: why")}) {
        const auto problems = check_rises(kPins, changelog);
        ASSERT_EQ(problems.size(), 1u) << changelog;
        EXPECT_TRUE(holds(problems[0], line)) << problems[0];
    }
}

TEST(Pins, RefreshLowersAtOnceAndRaisesOnlyBeyondTheSlack) {
    const auto after = [](int64_t instructions) {
        return refreshed(kPins, {"avx2"}, {count("a", instructions)});
    };
    ASSERT_EQ(after(999).size(), 1u); // b is no case any more
    EXPECT_EQ(after(999)[0].count, 999);
    EXPECT_EQ(after(999)[0].lowest, 900);
    EXPECT_EQ(after(800)[0].lowest, 800);
    EXPECT_EQ(after(1030)[0].count, 1000); // or pins would creep
    EXPECT_EQ(after(1031)[0].count, 1031);
    EXPECT_EQ(after(1031)[0].lowest, 900);
    EXPECT_EQ(refreshed(kPins, {"baseline"}, {count("a", 7, "baseline")}).size(), 3u);
}

TEST(Pins, RefreshWritesNothingForAnUnexplainedRise) {
    const std::string before = format_pins({{"a", "avx2", 1000, 1000}});
    const std::string pins = work_file("pins.txt", before);
    std::string changelog = work_file("CHANGELOG.md", "# Changes\n");
    const std::vector<Count> counts = {count("a", 1200)};
    EXPECT_EQ(refresh_file(pins, changelog, {"avx2"}, counts).size(), 1u);
    EXPECT_EQ(whole_file(pins), before);
    changelog = work_file("CHANGELOG.md", "- instructions: a avx2 1000 -> 1200: exact sums\n");
    EXPECT_TRUE(refresh_file(pins, changelog, {"avx2"}, counts).empty());
    EXPECT_EQ(whole_file(pins), format_pins({{"a", "avx2", 1200, 1000}}));
}

TEST(InstructionCountsProgram, RefreshOfARiseIsRefused) {
    const std::string reason = reason_not_to_count("baseline");
    if (!reason.empty())
        GTEST_SKIP() << reason;
    const std::string before = format_pins({{"global_pool/2048/7x7", "baseline", 10, 10}});
    const std::string pins = work_file("pins.txt", before);
    const kernel_tests::CommandResult result =
        kernel_tests::run_command({INVOLUTE_COUNTS, "--refresh", "--isa", "baseline", "--pins",
                                   pins, "--changelog", "/dev/null"});
    EXPECT_EQ(result.exit_code, 1) << result.output;
    EXPECT_TRUE(holds(result.output, "global_pool/2048/7x7 baseline: rises from 10 to "))
        << result.output;
    EXPECT_EQ(whole_file(pins), before);
}

TEST(Profile, OnlyTheKernelsOwnFunctionsCount) {
    const std::string dump = "desc: Trigger: Client Request: a\n"
                             "fn=inv_a_argv\n0 10\ncfn=halide_do_par_for\ncalls=1 0\n0 90\n"
                             "fn=halide_do_par_for\n0 5\ncfn=inv_a_par_for\ncalls=1 0\n0 85\n"
                             "fn=inv_a_par_for\n0 80\ncfn=memset\ncalls=1 0\n0 5\n"
                             "fn=memset\n0 5\n";
    Count one = count("a", 0);
    std::string error;
    ASSERT_TRUE(read_dump(dump, &one, &error)) << error;
    EXPECT_EQ(one.instructions, 95);
    EXPECT_FALSE(read_dump(dump + "fn=__memmove_avx_unaligned\n0 12\n", &one, &error));
    EXPECT_TRUE(holds(error, "__memmove_avx_unaligned (12 instructions)")) << error;
    EXPECT_FALSE(read_dump("", &one, &error));
    Count other = count("b", 0);
    EXPECT_FALSE(read_dump(dump, &other, &error));
}

} // namespace involute::perf
