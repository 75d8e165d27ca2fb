#include "report/plot.h"

#include <limits>

#include "report/draw.h"

namespace involute::report {

namespace {

Table points_table(const std::vector<PointSeries> &all, const std::string &x, const std::string &y,
                   Digits x_digits, Digits y_digits) {
    Table table;
    table.columns = {text_column("series"), text_column("point"), number_column(x, "", x_digits),
                     number_column(y, "", y_digits)};
    for (const PointSeries &series : all)
        for (const Point &point : series.points)
            table.rows.push_back({{series.name, point.name, point.x, point.y}});
    return table;
}

Table table_of(const BarChart &chart) {
    Table table;
    table.columns = {text_column("")};
    for (const BarSeries &series : chart.series) {
        const std::string name = series.name.empty() ? chart.axis : series.name;
        table.columns.push_back(number_column(name, chart.unit, chart.digits));
        if (!series.low.empty() && !series.high.empty()) {
            table.columns.push_back(number_column("from", chart.unit, chart.digits));
            table.columns.push_back(number_column("to", chart.unit, chart.digits));
        }
    }
    const auto value = [](const std::vector<double> &values, size_t i) {
        return i < values.size() ? values[i] : std::numeric_limits<double>::quiet_NaN();
    };
    for (size_t i = 0; i < chart.categories.size(); ++i) {
        Row row{{chart.categories[i]}};
        for (const BarSeries &series : chart.series) {
            row.cells.push_back(value(series.values, i));
            if (!series.low.empty() && !series.high.empty()) {
                row.cells.push_back(value(series.low, i));
                row.cells.push_back(value(series.high, i));
            }
        }
        table.rows.push_back(row);
    }
    return table;
}

Table table_of(const ScatterPlot &plot) {
    return points_table(plot.series, plot.x.label, plot.y.label, plot.x.digits, plot.y.digits);
}

Table table_of(const RooflinePlot &plot) {
    Table table =
        points_table(plot.series, plot.x_label, plot.y_label, significant(3), significant(3));
    for (const Roof &roof : plot.roofs) // at the ridge
        table.rows.push_back({{"roof", roof_text(roof), roof.peak / roof.bandwidth, roof.peak}});
    return table;
}

} // namespace

std::string roof_text(const Roof &roof) {
    return roof.name + ": " + number_text(roof.bandwidth, significant(3), "GB/s") + ", " +
           number_text(roof.peak, significant(3), "GFLOP/s");
}

std::string plot_svg(const Plot &plot, int width, const std::string &id) {
    if (const auto *bars = std::get_if<BarChart>(&plot))
        return bars_svg(*bars, width, id);
    if (const auto *scatter = std::get_if<ScatterPlot>(&plot))
        return scatter_svg(*scatter, width, id);
    return roofline_svg(std::get<RooflinePlot>(plot), width, id);
}

Table plot_table(const Plot &plot) {
    return std::visit([](const auto &one) { return table_of(one); }, plot);
}

const std::string &plot_title(const Plot &plot) {
    return std::visit([](const auto &one) -> const std::string & { return one.title; }, plot);
}

} // namespace involute::report
