// Schedules that are kept as code know the algorithm that they were found for.
#include <gtest/gtest.h>

#include "schedules/auto/autoschedulers.h"
#include "schedules/auto/saved_schedules.h"

namespace involute::schedules::automatic {
namespace {

using namespace Halide;

// stage -> middle -> out, with the names given.
Pipeline pipeline_of(const std::string &stage_name, const std::string &middle_name) {
    Var x("x");
    Func stage(stage_name), middle(middle_name), out("out");
    stage(x) = x;
    middle(x) = stage(x) + stage(x + 1);
    out(x) = middle(x) * 2;
    return Pipeline(out);
}

SavedSchedule sample() {
    SavedSchedule saved;
    saved.key = {"aggregation_k7_s1", "avx2", "adams2019", "16:1", 2};
    saved.funcs = {{2, "out"}, {1, "middle"}, {0, "stage"}};
    return saved;
}

TEST(SavedSchedules, AreTakenWhereTheFuncsAreThose) {
    EXPECT_EQ(changed_since(sample(), pipeline_of("stage", "middle")), "");
    // Halide numbers names that were there before.
    EXPECT_EQ(changed_since(sample(), pipeline_of("stage", "middle")), "");
}

TEST(SavedSchedules, AreRefusedWhereTheAlgorithmHasChanged) {
    const std::string renamed = changed_since(sample(), pipeline_of("stage", "between"));
    EXPECT_NE(renamed.find("expected Func 1 of the algorithm to be middle, found between"),
              std::string::npos)
        << renamed;
    EXPECT_NE(renamed.find("aggregation_k7_s1 for avx2 by adams2019"), std::string::npos);
    SavedSchedule longer = sample();
    longer.funcs.push_back({9, "tenth"});
    const std::string fewer = changed_since(longer, pipeline_of("stage", "middle"));
    EXPECT_NE(fewer.find("Func 9 of the algorithm to be tenth, found no Func"), std::string::npos)
        << fewer;
}

TEST(SavedSchedules, TheTextHasWhatTheGuardNeeds) {
    const SearchKey key = {"row", "avx512", "adams2019", "16:1;t", 3};
    const std::string text = saved_schedule_text(
        "row_name", key, 1.5, "Func a = pipeline.get_func(1);\nFunc b = pipeline.get_func(2);\n",
        pipeline_of("stage", "middle"));
    EXPECT_NE(text.find("void row_name_apply(Halide::Pipeline pipeline, Halide::Target)"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("{{1, \"middle\"}, {2, \"out\"}}"), std::string::npos) << text;
    EXPECT_NE(text.find("\"16:1;t\""), std::string::npos) << text;
}

TEST(SavedSchedules, EachIsFoundByItsOwnKeyOnly) {
    ASSERT_FALSE(saved_schedules().empty());
    for (const SavedSchedule &saved : saved_schedules()) {
        EXPECT_EQ(saved_schedule(saved.key), &saved);
        EXPECT_TRUE(autoscheduler_of(saved.key.schedule)->writes_code) << saved.key.schedule;
        SearchKey other = saved.key;
        other.call += ";t";
        EXPECT_EQ(saved_schedule(other), nullptr);
        other = saved.key;
        other.parallelism += 1;
        EXPECT_EQ(saved_schedule(other), nullptr);
    }
}

TEST(Autoschedulers, BeamsAreNoNarrowerThanEight) {
    int beams = 0;
    for (const Autoscheduler &known : autoschedulers()) {
        const auto beam = known.parameters.find("beam_size");
        if (beam == known.parameters.end())
            continue;
        EXPECT_GE(std::stoi(beam->second), 8) << known.schedule;
        ++beams;
    }
    EXPECT_EQ(beams, 2);
    EXPECT_EQ(autoscheduler_of("hand"), nullptr);
}

} // namespace
} // namespace involute::schedules::automatic
