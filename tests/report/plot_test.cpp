// Plots: values land where they should, text alternatives are there, and no value breaks a picture.
#include <cmath>

#include <gtest/gtest.h>

#include "report/html_parts.h"
#include "report/plot.h"
#include "report/svg.h"
#include "tests/report/texts.h"

namespace {

using namespace involute::report;
using involute::report::test::all_matches;
using involute::report::test::all_numbers;
using involute::report::test::count;
using involute::report::test::kInf;
using involute::report::test::kNan;
using Strings = std::vector<std::string>;

const char *const kBarWidth = "<rect[^>]* width=\"([^\"]*)\"[^>]*class=\"bar\"";
const char *const kBarX = "<rect x=\"([^\"]*)\"[^>]*class=\"bar\"";
const char *const kCircleX = "<circle cx=\"([^\"]*)\"";
const char *const kCircleY = "<circle[^>]*cy=\"([^\"]*)\"";

BarChart bars() {
    BarChart chart;
    chart.title = "Times <of> layers";
    chart.description = "b is \"twice\" a.";
    chart.axis = "time (ms)";
    chart.unit = "ms";
    chart.digits = significant(2);
    chart.categories = {"a", "b"};
    chart.series = {{"", {1, 2}}};
    return chart;
}

ScatterPlot scatter(std::vector<Point> points, bool logarithmic) {
    ScatterPlot plot;
    plot.title = "Title";
    plot.description = "Description";
    plot.x.label = "x";
    plot.y.label = "y";
    plot.x.logarithmic = plot.y.logarithmic = logarithmic;
    plot.series = {{"", std::move(points)}};
    return plot;
}

// Where a label of an axis stands.
double tick_x(const std::string &svg, const std::string &label) {
    const std::vector<double> found = all_numbers(
        svg, "<text x=\"([^\"]*)\"[^>]*class=\"tick\" text-anchor=\"middle\">" + label + "</text>");
    EXPECT_EQ(found.size(), 1u) << label;
    return found.empty() ? kNan : found[0];
}

TEST(Bars, AreAsLongAsTheirValues) {
    const std::string svg = plot_svg(bars(), 800, "p");
    const std::vector<double> widths = all_numbers(svg, kBarWidth);
    ASSERT_EQ(widths.size(), 2u);
    EXPECT_NEAR(widths[1], 2 * widths[0], 0.2);
    EXPECT_GT(widths[1], 300);
    EXPECT_NEAR(all_numbers(svg, kBarX)[0], tick_x(svg, "0"), 0.1);
    EXPECT_NEAR(all_numbers(svg, kBarX)[0] + widths[1], tick_x(svg, "2\\.0"), 0.2);
    EXPECT_EQ(all_matches(svg, "class=\"value\">([^<]*)<"), (Strings{"1.0 ms", "2.0 ms"}));
}

TEST(Bars, LogarithmicOnesStartAtTheLowEndOrTheirBase) {
    BarChart chart = bars();
    chart.logarithmic = true;
    chart.series[0].values = {10, 1000};
    std::string svg = plot_svg(chart, 800, "p");
    std::vector<double> widths = all_numbers(svg, kBarWidth);
    EXPECT_NEAR(all_numbers(svg, kBarX)[0] + widths[0], tick_x(svg, "10"), 0.2);
    EXPECT_NEAR(all_numbers(svg, kBarX)[1] + widths[1], tick_x(svg, "1,000"), 0.2);
    EXPECT_GT(widths[0], 10) << "the shortest bar is still one";

    chart.base = 1; // a ratio: to the left of 1 and to the right
    chart.series[0].values = {0.5, 2};
    svg = plot_svg(chart, 800, "p");
    widths = all_numbers(svg, kBarWidth);
    EXPECT_NEAR(widths[0], widths[1], 0.2);
    EXPECT_NEAR(all_numbers(svg, kBarX)[0] + widths[0], all_numbers(svg, kBarX)[1], 0.2);
    EXPECT_NEAR(all_numbers(svg, kBarX)[1], tick_x(svg, "1\\.0"), 0.2);
    EXPECT_EQ(count(svg, "class=\"value\" text-anchor=\"end\""), 1u);
}

TEST(Bars, MissingAndImpossibleValuesAreSaid) {
    BarChart chart = bars();
    chart.logarithmic = true;
    chart.categories = {"a", "b", "c", "d", "e"};
    chart.series[0].values = {1, kNan, 0, kInf};
    const std::string svg = plot_svg(chart, 800, "p");
    EXPECT_EQ(all_numbers(svg, kBarWidth).size(), 1u);
    EXPECT_EQ(all_matches(svg, "class=\"value absent\">([^<]*)<"),
              (Strings{"no value", "0 ms, off the axis", "inf ms", "no value"}));
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Bars, NamesStandAboveWhereNarrow) {
    BarChart chart = bars();
    chart.categories = {"aggregation 64@56x56", std::string(200, 'w')};
    const std::string narrow = plot_svg(chart, 360, "p"), wide = plot_svg(chart, 800, "p");
    EXPECT_EQ(all_numbers(narrow, "<text x=\"([^\"]*)\"[^>]*class=\"category\"")[0], 0);
    EXPECT_EQ(count(wide, "class=\"category\" text-anchor=\"end\""), 2u);
    EXPECT_GT(all_numbers(narrow, kBarWidth)[1], 200);
    EXPECT_GT(all_numbers(wide, kBarWidth)[1], 300);
    for (const std::string &svg : {narrow, wide})
        EXPECT_NE(svg.find("w…</text>"), std::string::npos);
}

TEST(Bars, SeriesDifferByColourAndMark) {
    BarChart chart = bars();
    chart.series = {{"hand", {1, 2}}, {"adams2019", {2, 3}, {1.9, 2.8}, {2.1, 3.4}}};
    const std::string svg = plot_svg(chart, 800, "p");
    EXPECT_EQ(all_matches(svg, "class=\"legend\">([^<]*)<"), (Strings{"hand", "adams2019"}));
    EXPECT_EQ(count(svg, "class=\"mark s0\""), 3u); // with the legend
    EXPECT_EQ(count(svg, "class=\"mark s1\""), 3u);
    EXPECT_EQ(count(svg, "<circle"), 3u);
    EXPECT_EQ(count(svg, "<path"), 3u);
    EXPECT_EQ(count(svg, "class=\"whisker\""), 6u); // a line and two ends a bar
    EXPECT_NE(svg.find("<title>b, adams2019: 3.0 ms (2.8 to 3.4 ms)</title>"), std::string::npos);
}

TEST(Bars, References) {
    BarChart chart = bars();
    chart.references = {{1.5, "limit"}, {kNan, "none"}};
    const std::string svg = plot_svg(chart, 800, "p");
    const std::vector<double> lines =
        all_numbers(svg, "<line x1=\"([^\"]*)\"[^>]*class=\"reference\"");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NEAR(lines[0], tick_x(svg, "1\\.5"), 0.2);
    EXPECT_NE(svg.find(">limit</text>"), std::string::npos);
}

TEST(Points, LandWhereTheyShould) {
    const std::string linear = plot_svg(scatter({{0, 0}, {5, 5}, {10, 10}}, false), 800, "p");
    const std::string log = plot_svg(scatter({{1, 1}, {10, 10}, {100, 100}}, true), 800, "p");
    for (const std::string &svg : {linear, log}) {
        const std::vector<double> x = all_numbers(svg, kCircleX), y = all_numbers(svg, kCircleY);
        ASSERT_EQ(x.size(), 3u);
        EXPECT_NEAR(x[1], (x[0] + x[2]) / 2, 0.11);
        EXPECT_NEAR(y[1], (y[0] + y[2]) / 2, 0.11);
        EXPECT_GT(y[0], y[2]); // upwards
    }
    EXPECT_NEAR(all_numbers(linear, kCircleX)[2], tick_x(linear, "10"), 0.1);
    EXPECT_NEAR(all_numbers(log, kCircleX)[1], tick_x(log, "10"), 0.1);
}

TEST(Points, WhatTheAxesCannotShowIsCounted) {
    ScatterPlot plot = scatter({{1, 1}, {0, 1}, {1, -1}, {kNan, 1}, {1, kInf}, {10, 10}}, true);
    plot.series[0].line = true;
    std::string svg = plot_svg(plot, 800, "p");
    EXPECT_EQ(count(svg, "<circle"), 2u);
    EXPECT_NE(svg.find("4 points are not on these axes."), std::string::npos);
    EXPECT_EQ(count(svg, "<polyline"), 0u) << "no line across a gap";
    plot.series[0].points = {{1, 1}, {2, 3}, {kNan, 1}, {5, 5}, {10, 10}};
    svg = plot_svg(plot, 800, "p");
    EXPECT_EQ(count(svg, "<polyline"), 2u);
    EXPECT_NE(svg.find("1 point is not on these axes."), std::string::npos);
    plot.x.low = 1e9; // no room for a tick
    plot.x.high = 1e9 + 1e-6;
    EXPECT_NE(plot_svg(plot, 800, "p").find("5 points are not"), std::string::npos);
    plot.x.low = {};
    plot.x.high = 3.0;
    EXPECT_NE(plot_svg(plot, 800, "p").find("3 points are not"), std::string::npos);
}

TEST(Points, NamesCoverNothing) {
    std::vector<Point> points;
    for (int i = 0; i < 40; ++i)
        points.push_back({1 + 0.001 * i, 1, "a point with a name", true});
    points.push_back({2, 2, "alone", true});
    const std::string svg = plot_svg(scatter(points, false), 800, "p");
    EXPECT_EQ(count(svg, ">alone</text>"), 1u);
    EXPECT_LE(count(svg, ">a point with a name</text>"), 4u);
    EXPECT_EQ(count(svg, "a point with a name: x"), 40u); // tooltips of all
}

RooflinePlot roofs() {
    RooflinePlot plot;
    plot.title = "Roofline";
    plot.description = "Bound by memory.";
    plot.roofs = {{"DRAM", 10, 100}, {"L2", 50, 100}};
    plot.series = {{"hand", {{10, 100, "ridge"}}}};
    return plot;
}

TEST(Roofline, RoofsBendAtTheRidge) {
    const std::string svg = plot_svg(roofs(), 800, "p");
    const Strings lines = all_matches(svg, "<polyline points=\"([^\"]*)\" class=\"roof");
    ASSERT_EQ(lines.size(), 2u);
    std::smatch corner;
    ASSERT_TRUE(std::regex_search(lines[0], corner,
                                  std::regex("^([^ ,]+),([^ ]+) ([^,]+),([^ ]+) ([^,]+),(.+)$")));
    // The point at the ridge of the first roof is its corner; the circle after that of the legend.
    EXPECT_NEAR(std::stod(corner[3]), all_numbers(svg, kCircleX)[1], 0.2);
    EXPECT_NEAR(std::stod(corner[4]), all_numbers(svg, kCircleY)[1], 0.2);
    EXPECT_EQ(corner[4], corner[6]);                            // flat
    EXPECT_GT(std::stod(corner[2]), std::stod(corner[4]) + 20); // rising
    EXPECT_EQ(all_matches(svg, "class=\"legend\">([^<]*)<"),
              (Strings{"hand", "DRAM: 10.0 GB/s, 100 GFLOP/s", "L2: 50.0 GB/s, 100 GFLOP/s"}));
    EXPECT_EQ(count(svg, ">100 GFLOP/s</text>"), 1u); // the same peak is said once
    EXPECT_NE(svg.find("roof r0"), std::string::npos);
    EXPECT_NE(svg.find("roof r1"), std::string::npos);
}

TEST(Roofline, RoofsThatAreNoneAreLeftOut) {
    RooflinePlot plot = roofs();
    plot.roofs = {{"zero", 0, 100}, {"none", kNan, kNan}};
    EXPECT_EQ(count(plot_svg(plot, 800, "p"), "<polyline"), 0u);
}

TEST(Plot, HasTextAlternativesAndItsValues) {
    for (const Plot &plot : {Plot(bars()), Plot(scatter({{1, 2, "one"}}, false)), Plot(roofs())}) {
        const std::string html = plot_html(plot, "plot-7");
        EXPECT_EQ(count(html, "<svg "), 3u);
        EXPECT_EQ(count(html, "role=\"img\""), 3u);
        EXPECT_EQ(count(html, "<desc id=\"plot-7-"), 3u);
        EXPECT_EQ(count(html, "<details><summary>"), 1u);
        EXPECT_EQ(count(html, "<table>"), 1u);
        for (const std::string &id : all_matches(html, "aria-labelledby=\"([^ ]*)-t "))
            EXPECT_EQ(count(html, " id=\"" + id + "-t\""), 1u) << id;
    }
    const std::string html = plot_html(bars(), "p");
    EXPECT_EQ(count(html, ">Times &lt;of&gt; layers<"), 4u); // the caption as well
    EXPECT_EQ(count(html, ">b is &quot;twice&quot; a.</desc>"), 3u);
    EXPECT_EQ(html.find("<of>"), std::string::npos);
}

TEST(Plot, TablesHoldAllValues) {
    BarChart chart = bars();
    chart.series = {{"s", {1, kNan}, {0.5}, {1.5}}};
    const Table table = plot_table(chart);
    ASSERT_EQ(table.columns.size(), 4u);
    EXPECT_EQ(table.columns[1].title, "s");
    ASSERT_EQ(table.rows.size(), 2u);
    EXPECT_EQ(table.rows[0].cells[3].number(), 1.5);
    EXPECT_TRUE(table.rows[1].cells[1].missing());
    EXPECT_EQ(plot_table(roofs()).rows.size(), 3u); // a point, two roofs
    EXPECT_EQ(plot_table(scatter({{0, -1}}, true)).rows.size(), 1u);
}

TEST(Plot, NoValueBreaksAPicture) {
    const std::vector<std::vector<double>> cases = {{},
                                                    {kNan, kNan},
                                                    {0, 0},
                                                    {-1, -2},
                                                    {kInf, -kInf},
                                                    {1e300, 1e-300},
                                                    {1e308, -1e308},
                                                    {5e-324, 1},
                                                    {1, 1 + 1e-15}};
    for (const std::vector<double> &values : cases)
        for (bool logarithmic : {false, true})
            for (int width : {360, 800}) {
                BarChart chart = bars();
                chart.logarithmic = logarithmic;
                chart.series = {{"s", values, values, values}};
                std::vector<Point> points;
                for (double value : values)
                    points.push_back({value, value, "p", true});
                RooflinePlot roofline = roofs();
                roofline.series = {{"s", points, true}};
                for (const Plot &plot :
                     {Plot(chart), Plot(scatter(points, logarithmic)), Plot(roofline)}) {
                    const std::string svg = plot_svg(plot, width, "p");
                    EXPECT_FALSE(std::regex_search(svg, std::regex("=\"[^\"]*\\b(nan|inf)\\b")))
                        << svg;
                    for (double x : all_numbers(svg, " (?:x|x1|x2|cx)=\"([^\"]*)\"")) {
                        EXPECT_GE(x, -1);
                        EXPECT_LE(x, width + 1);
                    }
                    for (double size : all_numbers(svg, " (?:width|height)=\"([^\"]*)\""))
                        EXPECT_GE(size, 0);
                }
            }
    BarChart none;
    EXPECT_NE(plot_svg(none, 800, "p").find("</svg>"), std::string::npos);
    EXPECT_NE(plot_svg(ScatterPlot(), 800, "p").find("</svg>"), std::string::npos);
    EXPECT_NE(plot_svg(RooflinePlot(), 800, "p").find("</svg>"), std::string::npos);
}

TEST(Svg, ShortenedTextsFitAndStayUtf8) {
    const std::string text = "ääääääääääääääääääää";
    const std::string cut = shortened(text, 60);
    EXPECT_LE(text_width(cut), 60);
    EXPECT_GT(text_width(cut), 40);
    EXPECT_EQ(cut.substr(0, 2), "ä");
    EXPECT_EQ(cut.substr(cut.size() - 5), "ä…");
    EXPECT_EQ(shortened("short", 200), "short");
    EXPECT_EQ(shortened("short", 0), "…");
}

} // namespace
