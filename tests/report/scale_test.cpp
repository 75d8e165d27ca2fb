// Axes: ticks are numbers that people count in, in order, inside of the range, few enough; values
// land where they should; nothing that a double can be breaks an axis.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "report/number.h"
#include "report/scale.h"
#include "tests/report/texts.h"

namespace {

using namespace involute::report;
using involute::report::test::kInf;
using involute::report::test::kNan;

std::string labels(const Scale &scale, int most) {
    std::string text;
    for (const Tick &tick : ticks(scale, most))
        if (!tick.label.empty())
            text += (text.empty() ? "" : " ") + tick.label;
    return text;
}

TEST(Scale, LinearTicks) {
    EXPECT_EQ(labels(scale_for({0, 2.15}, false), 6), "0 0.5 1.0 1.5 2.0 2.5");
    EXPECT_EQ(labels(scale_for({0, 87}, false), 6), "0 20 40 60 80 100");
    EXPECT_EQ(labels(scale_for({-3, 4}, false), 6), "-4 -2 0 2 4");
    EXPECT_EQ(labels(scale_for({0, 12345}, false), 4), "0 5,000 10,000 15,000");
    EXPECT_EQ(labels(scale_for({0, 3e-7}, false), 4), "0 1e-7 2e-7 3e-7");
    EXPECT_EQ(labels(scale_for({100.1, 100.3}, false), 6), "100.10 100.15 100.20 100.25 100.30");
}

TEST(Scale, LogarithmicTicks) {
    EXPECT_EQ(labels(scale_for({0.3, 70}, true), 12), "0.2 0.5 1 2 5 10 20 50 100");
    EXPECT_EQ(labels(scale_for({0.3, 70}, true), 5), "1 10 100");
    EXPECT_EQ(labels(scale_for({1, 1e12}, true), 5), "1 1,000 1,000,000 1e9 1e12");
    EXPECT_EQ(labels(scale_for({2, 3}, true), 6), "2 3 4 5"); // 1, 2, 5 alone would be two
}

TEST(Scale, LogarithmicRangesEndAtOneTwoOrFive) {
    const double cases[][4] = {
        {1.2, 1.7, 1, 2}, {3, 15, 2, 20}, {6, 30, 5, 50}, {0.7, 70, 0.5, 100}};
    for (const auto &[lowest, highest, low, high] : cases) {
        const Scale scale = scale_for({lowest, highest}, true);
        EXPECT_NEAR(scale.low, low, 1e-9);
        EXPECT_NEAR(scale.high, high, 1e-9);
    }
}

TEST(Scale, ValuesLandWhereTheyShould) {
    const Scale linear = scale_for({0, 10}, false);
    EXPECT_DOUBLE_EQ(linear.fraction(0), 0);
    EXPECT_DOUBLE_EQ(linear.fraction(2.5), 0.25);
    EXPECT_DOUBLE_EQ(linear.fraction(10), 1);
    const Scale logarithmic = scale_for({0.1, 1000}, true);
    EXPECT_DOUBLE_EQ(logarithmic.fraction(0.1), 0);
    EXPECT_NEAR(logarithmic.fraction(10), 0.5, 1e-12);
    EXPECT_DOUBLE_EQ(logarithmic.fraction(1000), 1);
    EXPECT_FALSE(logarithmic.takes(0));
    EXPECT_FALSE(logarithmic.takes(-1));
    EXPECT_FALSE(linear.takes(kNan));
    EXPECT_FALSE(linear.takes(kInf));
    EXPECT_TRUE(linear.takes(-1));
    EXPECT_FALSE(linear.shows(-1));
}

TEST(Scale, RangesHoldTheirValues) {
    const std::vector<std::vector<double>> cases = {
        {},
        {kNan, kInf, -kInf},
        {0},
        {5},
        {-5},
        {1e-300},
        {1e300},
        {-1e300, 1e300},
        {1e-300, 1e300},
        {1, 1 + 1e-15},
        {1e9, 1e9 + 1},
        {0.1, 0.2, kNan},
        {3e-310, 1},
        {9.999999999999999},
        {1000},
        {0.999999, 1.000001},
    };
    for (const std::vector<double> &values : cases)
        for (bool logarithmic : {false, true}) {
            const Scale scale = scale_for(values, logarithmic);
            std::string name = logarithmic ? "log" : "linear";
            for (double value : values)
                name += " " + number_text(value);
            ASSERT_LT(scale.low, scale.high) << name;
            for (double value : values)
                EXPECT_EQ(scale.shows(value), scale.takes(value))
                    << name << ": " << scale.low << " " << scale.high;
            for (int most : {2, 5, 10}) {
                const std::vector<Tick> found = ticks(scale, most);
                int labelled = 0;
                double last = -kInf;
                for (const Tick &tick : found) {
                    EXPECT_TRUE(scale.shows(tick.value)) << name << ": " << tick.value;
                    EXPECT_GT(tick.value, last) << name;
                    last = tick.value;
                    labelled += !tick.label.empty();
                }
                EXPECT_GE(labelled, 1) << name << ", most " << most;
                EXPECT_LE(labelled, most + 1) << name << ", most " << most;
            }
        }
}

} // namespace
