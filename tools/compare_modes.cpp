// Pages of operators, variants of a network, networks and single layers, and what the terminal
// gets; part of compare_page.h.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "compare_parts.h"
#include "failure.h"
#include "print.h"

namespace involute {

namespace {

using report::number_column;
using report::percent_column;
using report::text_column;

std::vector<std::string> groups_of(const std::vector<Json> &rows) {
    std::vector<std::string> names;
    for (const Json &row : rows)
        add_once(row.at("group"), &names);
    return names;
}

std::vector<Json> rows_of(const std::vector<Json> &rows, const std::string &group) {
    std::vector<Json> own;
    for (const Json &row : rows)
        if (row.at("group") == group)
            own.push_back(row);
    return own;
}

std::string machine_of(const Json &row) {
    return row.at("isa").get<std::string>() + ", " + threads_text(row.value("threads", 1));
}

// What competitors need and take, side by side.
report::Table needs_table(const std::string &caption, const std::string &first,
                          const std::vector<Json> &rows) {
    report::Table table;
    table.caption = caption;
    table.columns = {text_column(first),
                     text_column("machine"),
                     number_column("parameters", "", report::decimals(0)),
                     number_column("multiply-adds", "M", report::significant(4)),
                     number_column("moved", "MB", report::significant(3)),
                     number_column("median", "ms", report::significant(4), report::Best::kLowest),
                     percent_column("spread"),
                     percent_column("of peak"),
                     number_column("memory", "MB", report::significant(3)),
                     report::code_column("command")};
    table.best_within = {1};
    for (const Json &row : rows) {
        report::Row line;
        line.cells = {row.at("label").get<std::string>(), machine_of(row),
                      number_cell(row, "parameters"),     number_cell(row, "macs", 1e-6),
                      number_cell(row, "bytes", 1e-6),    number_cell(row, "ms_median"),
                      number_cell(row, "spread"),         number_cell(row, "peak_fraction"),
                      number_cell(row, "memory_mb"),      row.value("command", std::string())};
        mark_failure(row, &line);
        table.rows.push_back(line);
    }
    return table;
}

report::BarChart times_chart(const std::string &title, const std::vector<Json> &rows) {
    report::BarChart chart;
    chart.title = title;
    chart.description = "Median time of each, one bar for each machine. Shorter is faster.";
    chart.axis = "ms", chart.unit = "ms", chart.logarithmic = true;
    chart.digits = report::significant(3);
    std::map<std::string, std::map<std::string, double>> by_machine;
    std::vector<std::string> machines;
    for (const Json &row : rows) {
        const std::string label = row.at("label"), machine = machine_of(row);
        add_once(label, &chart.categories);
        if (by_machine.count(machine) == 0)
            machines.push_back(machine);
        by_machine[machine][label] =
            is_measured(row) ? ms_of(row) : std::numeric_limits<double>::quiet_NaN();
    }
    for (const std::string &machine : machines) {
        report::BarSeries series;
        series.name = machine;
        for (const std::string &label : chart.categories) {
            const auto &times = by_machine.at(machine);
            const auto found = times.find(label);
            series.values.push_back(
                found != times.end() ? found->second : std::numeric_limits<double>::quiet_NaN());
        }
        chart.series.push_back(series);
    }
    return chart;
}

const Json *row_named(const std::vector<Json> &rows, const std::string &label) {
    for (const Json &row : rows)
        if (row.at("label") == label && is_measured(row))
            return &row;
    return nullptr;
}

std::string ratio_text(const Json &of, const Json &to, const char *field) {
    const double base = to.value(field, 0.0);
    return base > 0 ? fixed(of.value(field, 0.0) / base, 2) : "no";
}

// The page of contests in which labels compete: a chart and a table for each group.
report::Page page_of_groups(const std::vector<Json> &rows, const PageFacts &facts,
                            const std::string &first) {
    report::Page page;
    page.facts = facts_of(rows, facts);
    for (const std::string &group : groups_of(rows)) {
        const std::vector<Json> own = rows_of(rows, group);
        report::Section section = {group, {}};
        if (!page.plot)
            page.plot = times_chart(group + ": time", own);
        else
            section.content.push_back(times_chart(group + ": time", own));
        section.content.push_back(needs_table(group, first, own));
        page.sections.push_back(section);
    }
    page.sections.push_back({"What did not work", {failures_table(rows)}});
    page.code = code_of(rows);
    return page;
}

report::ScatterPlot networks_plot(const std::vector<Json> &rows, const char *field,
                                  const std::string &axis, double factor) {
    report::ScatterPlot plot;
    plot.title = "Images a second against " + axis;
    plot.description = "Each line joins the depths 26, 38, 50, 101 and 152 of RedNet or ResNet at "
                       "one batch size. Higher is faster, further left is smaller.";
    plot.x.label = axis;
    plot.y.label = "images a second";
    plot.y.logarithmic = plot.x.logarithmic = true;
    std::map<std::string, report::PointSeries> series;
    for (const Json &row : rows) {
        if (!is_measured(row))
            continue;
        const std::string label = row.at("label");
        const std::string name = label.substr(0, 6) + ", batch " +
                                 std::to_string(row.value("batch", 1)) + ", " + machine_of(row);
        series[name].name = name;
        series[name].line = true;
        series[name].points.push_back({row.at(field).get<double>() * factor,
                                       row.at("images_per_s").get<double>(), label, true});
    }
    for (const auto &[name, points] : series)
        plot.series.push_back(points);
    return plot;
}

} // namespace

report::Page operators_page(const std::vector<Json> &rows, const PageFacts &facts) {
    report::Page page = page_of_groups(rows, facts, "operator");
    page.title = "Operators over a window, at equal channels, size and window";
    page.headline = "Nothing was measured.";
    const std::vector<std::string> groups = groups_of(rows);
    if (groups.empty())
        return page;
    const std::vector<Json> own = rows_of(rows, groups.back());
    const Json *involution = row_named(own, "involution"),
               *convolution = row_named(own, "convolution"),
               *attention = row_named(own, "local self-attention");
    if (involution && convolution && attention)
        page.headline = "At " + groups.back().substr(10) + " involution takes " +
                        ratio_text(*involution, *convolution, "ms_median") +
                        " of the time of a convolution with " +
                        ratio_text(*involution, *convolution, "parameters") +
                        " of its parameters and " + ratio_text(*involution, *convolution, "macs") +
                        " of its multiply-adds, and " +
                        ratio_text(*involution, *attention, "ms_median") +
                        " of the time of local self-attention.";
    return page;
}

report::Page ablation_page(const std::vector<Json> &rows, const PageFacts &facts) {
    report::Page page = page_of_groups(rows, facts, "variant");
    page.title = "RedNet-50 with other windows, groups and reductions";
    const Json *fastest = nullptr, *first = nullptr;
    for (const Json &row : rows) {
        if (!is_measured(row) || row.at("group") != rows[0].at("group"))
            continue;
        first = first ? first : &row;
        fastest = fastest && ms_of(*fastest) <= ms_of(row) ? fastest : &row;
    }
    page.headline = !first ? "Nothing was measured."
                           : "RedNet-50 itself takes " + significant(ms_of(*first), 3) +
                                 " ms; the fastest variant, " +
                                 fastest->at("label").get<std::string>() + ", " +
                                 significant(ms_of(*fastest), 3) + " ms.";
    return page;
}

report::Page networks_page(const std::vector<Json> &rows, const PageFacts &facts) {
    report::Page page;
    page.title = "RedNet and ResNet";
    const Json *red = row_named(rows, "rednet50"), *res = row_named(rows, "resnet50");
    page.headline = red && res ? "RedNet-50 answers " + fixed(ms_of(*res) / ms_of(*red), 2) +
                                     " times as fast as ResNet-50 (" + significant(ms_of(*red), 3) +
                                     " against " + significant(ms_of(*res), 3) + " ms) with " +
                                     ratio_text(*red, *res, "parameters") + " of its parameters."
                               : "RedNet-50 and ResNet-50 were not both measured.";
    page.plot = networks_plot(rows, "macs", "multiply-adds (G)", 1e-9);
    page.facts = facts_of(rows, facts);
    page.sections.push_back(
        {"Parameters", {networks_plot(rows, "parameters", "parameters (M)", 1e-6)}});
    for (const std::string &group : groups_of(rows)) {
        report::Table table = needs_table(group, "network", rows_of(rows, group));
        table.columns.push_back(
            number_column("images a second", "", report::significant(4), report::Best::kHighest));
        const std::vector<Json> own = rows_of(rows, group);
        for (size_t i = 0; i < own.size(); ++i)
            table.rows[i].cells.push_back(number_cell(own[i], "images_per_s"));
        page.sections.push_back({group, {table}});
    }
    return page;
}

report::Page layers_page(const std::vector<Json> &rows, const PageFacts &facts) {
    report::Page page;
    page.title = "Latency of single layers";
    page.headline = std::to_string(std::count_if(rows.begin(), rows.end(), is_measured)) + " of " +
                    std::to_string(rows.size()) +
                    " layers measured; layers.json has them for programs that search "
                    "architectures.";
    page.plot = roofline(rows, facts);
    page.facts = facts_of(rows, facts);
    report::Table table = needs_table("Layers", "layer", rows);
    table.filter = true;
    page.sections.push_back({"All layers", {table}});
    return page;
}

std::string printed_rows(const std::vector<Json> &rows) {
    Table table({"<case", "<", "<isa", "threads", "ms", "spread", "of FMA peak", "memory MB",
                 "search s", "<"});
    for (const Json &row : rows) {
        const auto number = [&row](const char *field, int digits) {
            const Json value = row.value(field, Json());
            return value.is_number() ? significant(value.get<double>(), digits) : std::string();
        };
        const auto share = [&row](const char *field) {
            const Json value = row.value(field, Json());
            return value.is_number() ? percent(value.get<double>()) : std::string();
        };
        std::string failure = row.value("failure", std::string());
        failure = failure.substr(0, failure.find('\n'));
        table.row({row.at("group").get<std::string>(), row.at("label").get<std::string>(),
                   row.at("isa").get<std::string>(), number("threads", 3), number("ms_median", 4),
                   share("spread"), share("peak_fraction"), number("memory_mb", 3),
                   number("search_s", 3), failure});
    }
    return table.text();
}

} // namespace involute
