// Writes a page like those of `involute compare` to a path, for tests in a browser:
//   sample_page PATH [ENTRIES]
// Everything in it is made up, and some of it is nasty.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "report/report.h"

namespace {

using namespace involute::report;

const double kNan = std::numeric_limits<double>::quiet_NaN();
const std::vector<std::string> kLayers = {"64@56x56", "128@28x28", "256@14x14", "512@7x7"};
const std::vector<std::string> kSchedules = {"hand", "adams2019", "mullapudi2016", "li2018"};
const std::vector<std::string> kIsas = {"sse2", "avx2", "avx512"};

std::string entry_name(size_t layer, size_t isa, size_t schedule) {
    return "aggregation " + kLayers[layer] + " " + kIsas[isa] + " " + kSchedules[schedule];
}

// Repeatable numbers that look measured.
double milliseconds(size_t layer, size_t isa, size_t schedule) {
    const double slower[] = {1, 1.31, 1.94, 3.7};
    const double noise = 1 + 0.06 * std::sin(7.0 * static_cast<double>(layer) +
                                             3.0 * static_cast<double>(schedule * isa));
    return 0.83 / std::pow(1.7, layer) / std::pow(1.55, isa) * slower[schedule] * noise;
}

double gflops(size_t layer, size_t isa, size_t schedule) {
    return 0.0197 / std::pow(2.0, layer) / milliseconds(layer, isa, schedule) * 1000 * 0.8;
}

bool failed(size_t layer, size_t isa, size_t schedule) {
    return schedule == 3 && layer == 3 && isa == 1;
}

Plot speed() {
    BarChart chart;
    chart.title = "Aggregation, 7x7 window, one thread: median time of 30 runs";
    chart.description = "The hand schedule is fastest on all four layers; adams2019 follows "
                        "30% behind.";
    chart.axis = "median time (ms)";
    chart.unit = "ms";
    chart.digits = significant(3);
    for (const std::string &layer : kLayers)
        chart.categories.push_back("aggregation " + layer);
    for (size_t s = 0; s < kSchedules.size(); ++s) {
        BarSeries series{kSchedules[s], {}};
        for (size_t l = 0; l < kLayers.size(); ++l) {
            const double value = failed(l, 1, s) ? kNan : milliseconds(l, 1, s);
            series.values.push_back(value);
            series.low.push_back(value * 0.97);
            series.high.push_back(value * 1.06);
        }
        chart.series.push_back(series);
    }
    return chart;
}

Plot speedup() {
    BarChart chart;
    chart.title = "Speed against the hand schedule, geometric mean of 4 layers";
    chart.description = "No automatic schedule is as fast as the one by hand.";
    chart.axis = "speed-up";
    chart.unit = "×";
    chart.digits = decimals(2);
    chart.logarithmic = true;
    chart.base = 1;
    chart.references = {{1, "hand"}};
    chart.categories = {"adams2019", "mullapudi2016", "li2018",
                        "own/my_schedule.cpp with a long name"};
    chart.series = {{"", {0.76, 0.52, 0.27, 1.08}}};
    return chart;
}

Plot roofline() {
    RooflinePlot plot;
    plot.title = "Roofline of the aggregation, avx2, one thread";
    plot.description = "Large maps are bound by the memory, small ones by arithmetic.";
    plot.roofs = {{"DRAM", 12.1, 97.3}, {"L2", 58, 97.3}, {"L1", 187, 97.3}};
    for (size_t s = 0; s < kSchedules.size(); ++s) {
        PointSeries series{kSchedules[s], {}};
        for (size_t l = 0; l < kLayers.size(); ++l)
            series.points.push_back(
                {2.3 + 1.4 * static_cast<double>(l), gflops(l, 1, s), kLayers[l], s == 0});
        plot.series.push_back(series);
    }
    return plot;
}

Plot search() {
    ScatterPlot plot;
    plot.title = "Best time so far of a search";
    plot.description = "After 120 trials nothing better is found.";
    plot.x.label = "trial";
    plot.x.digits = decimals(0);
    plot.y.label = "time (ms)";
    plot.y.logarithmic = true;
    PointSeries trials{"trial", {}}, best{"best so far", {}, true, false};
    double lowest = 1e9;
    for (int i = 0; i < 200; ++i) {
        const double value = 0.4 + 2.0 * std::abs(std::sin(12.9898 * i) * std::exp(-i / 90.0));
        lowest = std::min(lowest, value);
        trials.points.push_back({i + 1.0, i == 17 ? -1 : value, "trial " + std::to_string(i + 1)});
        best.points.push_back({i + 1.0, lowest});
    }
    plot.series = {trials, best};
    plot.levels = {{0.42, "hand schedule"}};
    return plot;
}

Table measurements() {
    Table table;
    table.caption = "All measurements";
    table.columns = {text_column("layer"),
                     text_column("isa"),
                     text_column("schedule"),
                     number_column("median", "ms", significant(4), Best::kLowest),
                     number_column("speed", "GFLOP/s", decimals(1), Best::kHighest),
                     percent_column("of peak", 1, Best::kHighest),
                     percent_column("spread"),
                     number_column("size", "bytes", decimals(0), Best::kLowest),
                     number_column("built in", "s", decimals(2)),
                     code_column("knobs")};
    table.columns[6].explanation = "Third quartile minus first one, of the median.";
    table.best_within = {0, 1};
    table.filter = true;
    for (size_t l = 0; l < kLayers.size(); ++l)
        for (size_t i = 0; i < kIsas.size(); ++i)
            for (size_t s = 0; s < kSchedules.size(); ++s) {
                Row row{{"aggregation " + kLayers[l], kIsas[i], kSchedules[s]}};
                row.open = entry_name(l, i, s);
                row.highlighted = s == 0;
                if (failed(l, i, s)) {
                    row.status = Status::kFailed;
                    row.reason = "the scheduler stops: \"<Func> f$3 & g\" has no bounds";
                } else {
                    const double ms = milliseconds(l, i, s);
                    row.cells.insert(row.cells.end(),
                                     {ms, gflops(l, i, s), gflops(l, i, s) / 97.3, 0.012 + 0.01 * s,
                                      static_cast<double>(2048 * (s + 1) * (i + 1) + 77 * l),
                                      1.7 * (s + 1),
                                      s == 0 ? Cell("--tile_x 4 --rows 2") : Cell()});
                }
                table.rows.push_back(row);
            }
    return table;
}

Table environment() {
    Table table;
    table.caption = "Limits of the machine";
    table.columns = {text_column("what"), number_column("value", "", significant(3)),
                     text_column("unit")};
    table.rows = {{{"multiply-adds of one core", 97.3, "GFLOP/s"}},
                  {{"memory", 12.1, "GB/s"}},
                  {{"tiny | <b>\xff</b>", 1.25e-9, "s"}},
                  {{"missing", Cell(), "s"}}};
    return table;
}

std::string assembly(const std::string &name, size_t bytes) {
    std::string text = "\t.text\n\t.globl\t\"" + name + "\"\nkernel:                 # @kernel\n";
    for (size_t i = 0; text.size() < bytes; ++i) {
        text += ".LBB0_" + std::to_string(i) + ":                   # " + name + " </script>\n";
        text += "\tmovq\t72(%rdi), %r" + std::to_string(8 + i % 8) + "\n";
        text += "\tvmovups\t(%rax,%rcx,4), %ymm" + std::to_string(i % 16) + "\n";
        text += "\tvfmadd231ps\t32(%rsi), %ymm1, %ymm" + std::to_string(i % 16) + "\n";
        text += "\taddq\t$-64, %rcx\n\tjne\t.LBB0_" + std::to_string(i) + "\n";
    }
    return text;
}

std::string loop_nest(const std::string &name) {
    return "// " + name +
           " <&> \"äöü\"\nproduce output:\n  parallel y.yo in [0, 27]:\n"
           "    for x.xo in [0, 6]:\n      unrolled c.ci in [0, 3]:\n"
           "        vectorized x.xi in [0, 7]:\n          output(...) = ...\nconsume output:\n";
}

std::string schedule(const std::string &name) {
    return "// " + name +
           "\noutput.compute_root()\n    .split(x, xo, xi, 8)\n    .vectorize(xi)\n"
           "    .parallel(y, 2); // \"rows\"\n";
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s PATH [ENTRIES]\n", argv[0]);
        return 2;
    }
    Page page;
    page.title = "involute compare: aggregation";
    page.headline = "The hand schedule is 1.3 to 3.7 times as fast as automatic schedules on all "
                    "4 layers, and never slower.";
    page.plot = speed();
    page.facts = {{"CPU", "AMD EPYC 7763, 1 thread of 8"},
                  {"ISA", "sse2, avx2, avx512"},
                  {"Halide", "21.0.0"},
                  {"involute", "0.1.0 (993934f)"},
                  {"runs", "30 each, interleaved"},
                  {"command",
                   "involute compare --op aggregation --channels 64,128,256,512 "
                   "--schedule hand,adams2019,mullapudi2016,li2018 --isa all",
                   true}};
    page.sections = {
        {"By schedule", {Paragraph{"Above 1 is faster than the hand schedule."}, speedup()}},
        {"What bounds it", {roofline()}},
        {"All measurements",
         {Paragraph{"The best of each layer and instruction set is bold."}, measurements()}},
        {"Search", {search()}},
        {"Machine", {environment(), Table{"Nothing was skipped", {text_column("case")}}}},
    };
    const size_t entries = argc > 2 ? std::stoul(argv[2]) : 0;
    for (size_t l = 0; l < kLayers.size(); ++l)
        for (size_t i = 0; i < kIsas.size(); ++i)
            for (size_t s = 0; s < kSchedules.size(); ++s) {
                const std::string name = entry_name(l, i, s);
                page.code.push_back({name, "loop nest", loop_nest(name)});
                page.code.push_back({name, "schedule", schedule(name)});
                if (!failed(l, i, s))
                    page.code.push_back({name, "assembly", assembly(name, 3000)});
            }
    for (size_t i = 0; i < entries; ++i) {
        const std::string name = "entry " + std::to_string(i);
        for (const char *kind : {"loop nest", "schedule", "assembly"})
            page.code.push_back({name, kind, assembly(name, 10000)});
    }
    std::ofstream(argv[1]) << html(page);
    return 0;
}
