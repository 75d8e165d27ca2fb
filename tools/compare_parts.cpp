#include "compare_parts.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "packs.h"
#include "print.h"

namespace involute {

namespace {

using report::number_column;
using report::percent_column;
using report::text_column;

// What a row is called in the panes.
std::string entry_of(const Json &row) {
    return place_of(row) + " " + row.at("label").get<std::string>();
}

// How much of a hot loop is multiply-adds.
struct LoopCounts {
    double instructions = 0, memory = 0, products = 0;
};

LoopCounts counts_of(const std::string &loop) {
    LoopCounts counts;
    std::istringstream lines(loop);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.back() == ':')
            continue;
        counts.instructions += 1;
        counts.memory +=
            line.find("(%") != std::string::npos && line.find("\tlea") == std::string::npos;
        counts.products +=
            line.find("fmadd") != std::string::npos || line.find("fnmadd") != std::string::npos;
    }
    return counts;
}

// Of the kernel with the most multiply-adds in its loop; missing where there are none.
report::Cell per_product(const Json &row, double LoopCounts::*what) {
    LoopCounts most;
    for (const Json &code : row.at("code")) {
        const LoopCounts counts = counts_of(code.value("hot_loop", ""));
        most = counts.products > most.products ? counts : most;
    }
    return most.products > 0 ? report::Cell(most.*what / most.products) : report::Cell();
}

} // namespace

report::Cell number_cell(const Json &row, const char *field, double factor) {
    const Json value = row.value(field, Json());
    return value.is_number() ? report::Cell(value.get<double>() * factor) : report::Cell();
}

bool is_measured(const Json &row) {
    return row.contains("ms_median");
}

double ms_of(const Json &row) {
    return row.at("ms_median").get<double>();
}

std::string place_of(const Json &row) {
    const std::string group = row.at("group"), isa = row.at("isa");
    const int threads = row.value("threads", 1);
    return group + " " + isa + (threads == 1 ? "" : " x" + std::to_string(threads));
}

std::string threads_text(int threads) {
    return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

void add_once(const std::string &name, std::vector<std::string> *names) {
    if (std::find(names->begin(), names->end(), name) == names->end())
        names->push_back(name);
}

void mark_failure(const Json &row, report::Row *line) {
    if (!row.contains("failure"))
        return;
    line->status = report::Status::kFailed;
    line->reason = row.at("failure");
}

std::vector<report::Fact> facts_of(const std::vector<Json> &rows, const PageFacts &facts) {
    std::vector<report::Fact> all = {{"command", facts.command, true}};
    if (rows.empty())
        return all;
    all.push_back({"CPU", rows[0].at("cpu")});
    all.push_back({"commit", rows[0].at("commit"), true});
    all.push_back({"versions",
                   std::string("involute ") + involute_version() + ", Halide " + halide_version()});
    std::map<std::string, double> peaks;
    for (const Json &row : rows)
        if (row.value("fma_peak_gflops", 0.0) > 0)
            peaks[row.at("isa").get<std::string>() + " x" +
                  std::to_string(row.value("threads", 1))] = row.at("fma_peak_gflops");
    std::vector<std::string> texts;
    for (const auto &[name, peak] : peaks)
        texts.push_back(name + " " + fixed(peak, 0) + " GFLOP/s");
    all.push_back({"multiply-add peak", joined(texts)});
    all.push_back({"times", "median over rounds of the median of each round, in turns; spread: "
                            "largest minus smallest round over it"});
    return all;
}

report::Table rows_table(const std::vector<Json> &rows) {
    report::Table table;
    table.caption = "Every row; a click on its name opens loop nest, hot loop and schedule";
    table.columns = {text_column("case"),
                     text_column("schedule"),
                     text_column("isa"),
                     number_column("threads", "", report::decimals(0)),
                     number_column("median", "ms", report::significant(4), report::Best::kLowest),
                     percent_column("spread"),
                     percent_column("of peak", 1, report::Best::kHighest),
                     number_column("GFLOP/s", "", report::significant(3)),
                     number_column("instructions a FMA", "", report::significant(3)),
                     number_column("memory operands a FMA", "", report::significant(3)),
                     number_column("memory", "MB", report::significant(3)),
                     number_column("code", "kB", report::significant(3)),
                     number_column("search", "s", report::significant(3)),
                     report::code_column("command")};
    for (size_t i : {size_t{8}, size_t{9}})
        table.columns[i].explanation = "in the innermost loop with the most multiply-adds";
    table.best_within = {0, 2, 3};
    table.filter = true;
    for (const Json &row : rows) {
        report::Row line;
        line.cells = {row.at("group").get<std::string>(),
                      row.at("label").get<std::string>(),
                      row.at("isa").get<std::string>(),
                      number_cell(row, "threads"),
                      number_cell(row, "ms_median"),
                      number_cell(row, "spread"),
                      row.value("macs", 0.0) > 0 ? number_cell(row, "peak_fraction")
                                                 : report::Cell(),
                      row.value("macs", 0.0) > 0 ? number_cell(row, "gflops") : report::Cell(),
                      per_product(row, &LoopCounts::instructions),
                      per_product(row, &LoopCounts::memory),
                      number_cell(row, "memory_mb"),
                      number_cell(row, "code_bytes", 1e-3),
                      number_cell(row, "search_s"),
                      row.value("command", std::string())};
        mark_failure(row, &line);
        if (!row.at("code").empty())
            line.open = entry_of(row);
        table.rows.push_back(line);
    }
    return table;
}

report::Table costs_table(const std::vector<Json> &rows) {
    struct Cost {
        double kernels = 0, search = 0, slowest = 0, build = 0, code = 0, peak = 0, failed = 0;
    };
    std::map<std::string, Cost> costs;
    for (const Json &row : rows) {
        Cost &cost = costs[row.at("schedule")];
        cost.kernels += 1;
        cost.failed += row.contains("failure");
        cost.search += row.value("search_s", 0.0);
        cost.slowest = std::max(cost.slowest, row.value("search_s", 0.0));
        cost.build += row.value("build_s", 0.0);
        cost.code += row.value("code_bytes", 0.0);
        cost.peak = std::max(cost.peak, row.value("build_peak_mb", 0.0));
    }
    report::Table table;
    table.caption = "Search and compilation, summed over the rows";
    table.columns = {text_column("schedule"),
                     number_column("rows", "", report::decimals(0)),
                     number_column("failed", "", report::decimals(0)),
                     number_column("searches", "s", report::significant(3)),
                     number_column("longest search", "s", report::significant(3)),
                     number_column("with compilation", "s", report::significant(3)),
                     number_column("code", "kB", report::significant(3)),
                     number_column("peak memory of a build", "MB", report::significant(3))};
    for (const auto &[schedule, cost] : costs)
        table.rows.push_back({{schedule, cost.kernels, cost.failed, cost.search, cost.slowest,
                               cost.build, cost.code * 1e-3, cost.peak}});
    return table;
}

report::Table failures_table(const std::vector<Json> &rows) {
    report::Table table;
    table.caption = "In the words of whoever found it";
    table.columns = {text_column("case"), text_column("schedule"), text_column("isa"),
                     text_column("reason")};
    table.empty = "Everything worked.";
    for (const Json &row : rows)
        if (row.contains("failure"))
            table.rows.push_back(
                {{row.at("group").get<std::string>(), row.at("label").get<std::string>(),
                  row.at("isa").get<std::string>(), row.at("failure").get<std::string>()}});
    return table;
}

report::RooflinePlot roofline(const std::vector<Json> &rows, const PageFacts &facts) {
    report::RooflinePlot plot;
    plot.title = "Roofline";
    plot.description = "Performance over arithmetic intensity: multiply-adds twice over the bytes "
                       "that the operator reads and writes at least; bandwidths are those of one "
                       "core. A point below its roof waits "
                       "for something else than memory or multiply-adds.";
    std::map<std::string, double> peaks;
    std::map<std::string, report::PointSeries> series;
    for (const Json &row : rows) {
        if (!is_measured(row) || row.value("macs", 0.0) == 0 || row.value("bytes", 0.0) == 0)
            continue;
        const std::string isa = row.at("isa");
        const int threads = row.value("threads", 1);
        peaks[isa + " x" + std::to_string(threads)] = row.at("fma_peak_gflops");
        const std::string name = row.at("schedule").get<std::string>();
        series[name].name = name;
        series[name].points.push_back(
            {2 * row.at("macs").get<double>() / row.at("bytes").get<double>(),
             row.at("gflops").get<double>(), entry_of(row)});
    }
    for (const auto &[name, peak] : peaks) {
        plot.roofs.push_back({name + ", L2", facts.bandwidth.cache, peak});
        plot.roofs.push_back({name + ", memory", facts.bandwidth.memory, peak});
    }
    for (const auto &[name, points] : series)
        plot.series.push_back(points);
    return plot;
}

std::vector<report::Code> code_of(const std::vector<Json> &rows) {
    std::vector<report::Code> all;
    for (const Json &row : rows) {
        std::string nest, loop, source;
        for (const Json &code : row.at("code")) {
            const std::string title =
                row.at("code").size() > 1
                    ? "# " + code.at("row").get<std::string>() + " " + code.value("call", "") + "\n"
                    : "";
            const auto add = [&](std::string *to, const char *field) {
                const std::string text = code.value(field, "");
                if (!text.empty())
                    *to += title + text + "\n";
            };
            add(&loop, "hot_loop");
            add(&nest, "loop_nest");
            add(&source, "schedule_source");
        }
        const std::string entry = entry_of(row);
        for (const auto &[kind, text] :
             {std::pair<const char *, const std::string *>{"assembly", &loop},
              {"loop nest", &nest},
              {"schedule", &source}})
            if (!text->empty())
                all.push_back({entry, kind, *text});
    }
    return all;
}

} // namespace involute
