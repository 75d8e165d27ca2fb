// Plots of a report: bars, points and lines, rooflines. They become inline SVG in three widths, of
// which the page shows the one that fits, with their values as a table beneath. NaN is a missing
// value; what a logarithmic axis cannot show is left out of the picture and said.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "report/number.h"
#include "report/table.h"

namespace involute::report {

// A line across the plot at a value: a baseline, a limit.
struct Reference {
    double value = 0;
    std::string label;
};

struct BarSeries {
    std::string name;
    std::vector<double> values; // one a category
    // The spread as a whisker, one a category; both empty: none.
    std::vector<double> low = {}, high = {};
};

// Horizontal bars, the series of a category one below the other.
struct BarChart {
    std::string title;
    std::string description; // the text alternative: what is to be seen, in a sentence or two
    std::string axis;        // "median time (ms)"
    std::string unit;        // written behind each value
    std::vector<std::string> categories;
    std::vector<BarSeries> series;
    Digits digits = {};
    bool logarithmic = false;
    // Where bars start: 0 on a linear axis and the low end of a logarithmic one unless given. A
    // ratio on a logarithmic axis starts at 1.
    std::optional<double> base = {};
    std::vector<Reference> references = {};
};

struct Axis {
    std::string label; // with its unit
    bool logarithmic = false;
    Digits digits = {};
    std::optional<double> low = {}, high = {}; // by the values unless given
};

struct Point {
    double x = 0, y = 0;
    std::string name = {}; // in the tooltip and the table
    bool labelled = false; // the name beside the mark as well, where there is room
};

struct PointSeries {
    std::string name;
    std::vector<Point> points;
    bool line = false; // joins the points in their order
    bool marks = true;
};

struct ScatterPlot {
    std::string title;
    std::string description;
    Axis x, y;
    std::vector<PointSeries> series;
    std::vector<Reference> levels = {}; // lines across at values of y
};

// y = min(bandwidth * x, peak)
struct Roof {
    std::string name;     // "DRAM, 1 thread"
    double bandwidth = 0; // GB/s
    double peak = 0;      // GFLOP/s
};

struct RooflinePlot {
    std::string title;
    std::string description;
    std::vector<Roof> roofs;
    std::vector<PointSeries> series; // x: FLOP/byte, y: GFLOP/s
    std::string x_label = "arithmetic intensity (FLOP/byte)";
    std::string y_label = "performance (GFLOP/s)";
};

using Plot = std::variant<BarChart, ScatterPlot, RooflinePlot>;

// One picture, `width` user units wide (text is 12 units high); `id` is unique in the page.
std::string plot_svg(const Plot &plot, int width, const std::string &id);
Table plot_table(const Plot &plot); // its values
const std::string &plot_title(const Plot &plot);

} // namespace involute::report
