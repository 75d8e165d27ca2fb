// The legal points of a space: their numbers, texts and features, and what rules others out.
#include "autotune/knob_space.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace involute::autotune {
namespace {

std::vector<KnobRange> knobs() {
    return {{"tile", {1, 2, 4, 6}, "pixels", true},
            {"task", {0, 3, 9}, "rows", true},
            {"unroll", {1, 8}, "of a loop", false}};
}

std::string violation(const Point &point) {
    if (point[0] * point[2] > 30)
        return "tile " + std::to_string(point[0]) + " of 3.75 at most";
    return point[1] == 9 && point[0] == 1 ? "tasks of 9 rows" : "";
}

KnobSpace space() {
    return KnobSpace(knobs(), violation, {2, 0, 1});
}

KnobSpace all_legal(std::vector<KnobRange> knobs, Point usual) {
    return KnobSpace(
        std::move(knobs), [](const Point &) { return std::string(); }, std::move(usual));
}

TEST(KnobSpace, NumbersLegalPointsTheLastKnobFastest) {
    const KnobSpace space = autotune::space();
    EXPECT_EQ(space.combinations(), 24u);
    ASSERT_EQ(space.size(), 16u);
    EXPECT_EQ(space.point(0), (Point{1, 0, 1}));
    EXPECT_EQ(space.point(1), (Point{1, 0, 8}));
    EXPECT_EQ(space.point(2), (Point{1, 3, 1}));
    EXPECT_EQ(space.point(4), (Point{2, 0, 1})); // {1, 9, ...} are not legal
    EXPECT_EQ(space.point(15), (Point{6, 9, 1}));
    EXPECT_EQ(space.usual(), 4u);
    for (size_t index = 0; index < space.size(); ++index) {
        const Point point = space.point(index);
        EXPECT_EQ(violation(point), "");
        EXPECT_EQ(space.index_of(point), static_cast<int64_t>(index));
        EXPECT_EQ(space.index_of(space.json(point)), static_cast<int64_t>(index));
    }
    EXPECT_THROW(space.point(16), std::out_of_range);
}

TEST(KnobSpace, FindsNoPointThatItHasNot) {
    const KnobSpace space = autotune::space();
    const std::vector<Point> points = {{6, 0, 8}, {3, 0, 1},    {7, 0, 1}, {0, 0, 1},
                                       {2, 0},    {2, 0, 1, 1}, {}};
    for (const Point &point : points)
        EXPECT_EQ(space.index_of(point), -1);
    for (const char *text :
         {R"({"tile": 2, "task": 0})", R"({"tile": 2, "task": 0, "unrol": 1})",
          R"({"tile": 2, "task": 0, "unroll": 1, "more": 1})",
          R"({"tile": 2.0, "task": 0, "unroll": 1})", R"({"tile": 2, "task": false, "unroll": 1})",
          R"({"tile": 6, "task": 0, "unroll": 8})", R"({"tile": 3, "task": 0, "unroll": 1})",
          R"({"tile": 4294967298, "task": 0, "unroll": 1})",
          R"({"tile": 18446744073709551614, "task": 0, "unroll": 1})", "[2, 0, 1]", "{}", "null"})
        EXPECT_EQ(space.index_of(Json::parse(text)), -1) << text;
    EXPECT_EQ(space.index_of(Json::parse(R"({"unroll": 1, "tile": 2, "task": 0})")), 4);
}

TEST(KnobSpace, WritesPoints) {
    const KnobSpace space = autotune::space();
    EXPECT_EQ(space.text({4, 3, 1}), "tile=4,task=3,unroll=1");
    EXPECT_EQ(space.json({4, 3, 1}).dump(), R"({"task":3,"tile":4,"unroll":1})");
}

TEST(KnobSpace, CountsReasonsWithoutTheirNumbers) {
    const KnobSpace space = autotune::space();
    const std::vector<std::pair<std::string, size_t>> expected = {{"tile N of N at most", 6},
                                                                  {"tasks of N rows", 2}};
    EXPECT_EQ(space.rejected(), expected);
    EXPECT_TRUE(all_legal(knobs(), {1, 0, 1}).rejected().empty());
}

TEST(KnobSpace, FeaturesArePositionsAndWhetherASpecialZero) {
    const KnobSpace space = autotune::space();
    const auto features = [&](const Point &point) {
        return space.features(static_cast<size_t>(space.index_of(point)));
    };
    EXPECT_EQ(features({1, 0, 1}), (std::vector<double>{0, 0, 0, 1}));
    EXPECT_EQ(features({6, 9, 1}), (std::vector<double>{1, 1, 0, 0}));
    EXPECT_EQ(features({2, 3, 8}), (std::vector<double>{1.0 / 3, 0.5, 1, 0}));
    const KnobSpace flags = all_legal({{"flag", {0, 1}, "", true}, {"one", {5}, "", true}}, {0, 5});
    EXPECT_EQ(flags.features(1), (std::vector<double>{1, 0}));
}

TEST(KnobSpace, MayHaveOnePoint) {
    const KnobSpace none = all_legal({}, {});
    EXPECT_EQ(none.size(), 1u);
    EXPECT_EQ(none.text(none.point(0)), "");
    EXPECT_EQ(none.index_of(Json::object()), 0);
    EXPECT_TRUE(none.features(0).empty());
}

void expect_refused(std::vector<KnobRange> knobs, Point usual, const std::string &why) {
    try {
        all_legal(std::move(knobs), std::move(usual));
        ADD_FAILURE() << "not refused: " << why;
    } catch (const std::invalid_argument &error) {
        EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
}

TEST(KnobSpace, RefusesWhatIsNoSpace) {
    expect_refused({{"a", {}, "", true}}, {0}, "knob a has no values");
    expect_refused({{"a", {2, 1}, "", true}}, {1}, "knob a do not ascend");
    expect_refused({{"a", {1, 1}, "", true}}, {1}, "knob a do not ascend");
    expect_refused({{"", {1}, "", true}}, {1}, "no name");
    expect_refused({{"a", {1}, "", true}, {"a", {1}, "", true}}, {1, 1}, "called a");
    expect_refused(knobs(), {3, 0, 1}, "tile=3,task=0,unroll=1: not among the values");
    expect_refused(knobs(), {1, 0}, "another number of knobs");
    std::vector<int> many;
    for (int value = 0; value < 300; ++value)
        many.push_back(value);
    expect_refused({{"a", many, "", true}, {"b", many, "", true}, {"c", many, "", true}}, {0, 0, 0},
                   "more than 8388608 combinations");
    EXPECT_THROW(KnobSpace(knobs(), violation, {1, 9, 1}), std::invalid_argument);
}

} // namespace
} // namespace involute::autotune
