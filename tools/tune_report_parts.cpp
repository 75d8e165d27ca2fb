#include "tune_report_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "autotune/spaces.h"
#include "peak.h"
#include "print.h"

namespace involute {

namespace {

using report::number_column;
using report::text_column;

constexpr size_t kMostDots = 1000; // of a plot; of more trials only the best so far is drawn
constexpr double kMostShown = 2;   // times the hand schedule's time, in plots

const char *const kRatioExplanation =
    "median over rounds of its time over the hand schedule's in the same round";

bool has_ratio(const autotune::Trial &trial) {
    return trial.outcome == autotune::Outcome::kOk && trial.ratio > 0 && std::isfinite(trial.ratio);
}

bool confirms(const autotune::Trial &trial) {
    return trial.stage == "confirm";
}

std::string knobs_text(const std::string &json) {
    const std::string text = autotune::knob_text(autotune::Json::parse(json));
    return text.empty() ? "{}" : text;
}

// What was not measured is 0 in the history.
report::Cell measured(double value, double factor = 1) {
    return value > 0 ? report::Cell(value * factor) : report::Cell();
}

std::optional<BestKnobs> best_knobs(const std::vector<autotune::Trial> &trials, bool confirmed) {
    std::map<std::string, std::vector<double>> ratios;
    std::set<std::string> unsafe;
    for (const autotune::Trial &trial : trials) {
        if (has_ratio(trial) && confirms(trial) == confirmed)
            ratios[trial.knobs].push_back(trial.ratio);
        if (trial.outcome == autotune::Outcome::kCrashed ||
            trial.outcome == autotune::Outcome::kWrong ||
            trial.outcome == autotune::Outcome::kChanged)
            unsafe.insert(trial.knobs);
    }
    std::optional<BestKnobs> best;
    for (const auto &[knobs, of_knobs] : ratios)
        if (unsafe.count(knobs) == 0 && (!best || median(of_knobs) < best->ratio))
            best = {knobs, median(of_knobs), confirmed, {}};
    for (const autotune::Trial &trial : trials)
        if (best && trial.knobs == best->knobs && has_ratio(trial) && confirms(trial) == confirmed)
            best->trial = trial;
    return best;
}

// A confirming trial before one of the search, one with a time before one without, a later one
// before an earlier one; nullptr: not tried.
const autotune::Trial *trial_of(const SearchedLayer &layer, const std::string &knobs) {
    const autotune::Trial *found = nullptr;
    const auto rank = [](const autotune::Trial &trial) {
        return 2 * has_ratio(trial) + confirms(trial);
    };
    for (const autotune::Trial &trial : layer.trials)
        if (trial.knobs == knobs && (!found || rank(trial) >= rank(*found)))
            found = &trial;
    return found;
}

std::string trials_text(const SearchedLayer &layer) {
    std::map<std::string, size_t> by_strategy;
    size_t confirming = 0;
    for (const autotune::Trial &trial : layer.trials)
        confirms(trial) ? ++confirming : ++by_strategy[trial.strategy];
    std::vector<std::string> parts;
    for (const auto &[strategy, count] : by_strategy)
        parts.push_back(counted(count, "trial") + " by the strategy " +
                        (strategy.empty() ? "without a name" : strategy));
    if (confirming > 0)
        parts.push_back(counted(confirming, "confirming trial"));
    return joined(parts) + "; " + std::to_string(layer.count(autotune::Outcome::kOk)) + " ok, " +
           std::to_string(layer.rejected()) + " rejected. Their builds took " +
           report::number_text(layer.build_seconds(), report::significant(3), "s") +
           " in sum. The wisdom of this history " +
           (!layer.wisdom            ? "has nothing for this layer."
            : *layer.wisdom == "{}"  ? "keeps the hand schedule's kernel."
            : layer.has_wisdom_row() ? "has other knobs than the best."
                                     : "has the best knobs.");
}

report::ScatterPlot best_over_time(const SearchedLayer &layer) {
    report::ScatterPlot plot;
    plot.title = "Best so far";
    plot.x = {"trial", false, report::decimals(0)};
    plot.y = {"time over the hand schedule's", false, report::significant(4)};
    plot.levels = {{1, "hand schedule"}};
    report::PointSeries search = {"search", {}}, best = {"best of the search so far", {}},
                        confirming = {"confirming", {}};
    best.line = true, best.marks = false;
    double least = INFINITY, least_at = 0, lowest = INFINITY, most = 0;
    for (size_t i = 0; i < layer.trials.size(); ++i) {
        const autotune::Trial &trial = layer.trials[i];
        const double number = static_cast<double>(i + 1);
        if (!has_ratio(trial))
            continue;
        lowest = std::min(lowest, trial.ratio), most = std::max(most, trial.ratio);
        (confirms(trial) ? confirming : search)
            .points.push_back({number, trial.ratio, knobs_text(trial.knobs)});
        if (confirms(trial) || trial.ratio >= least)
            continue;
        if (!best.points.empty() && best.points.back().x < number - 1)
            best.points.push_back({number - 1, least}); // a step, not a slope
        best.points.push_back({number, trial.ratio, knobs_text(trial.knobs)});
        least = trial.ratio, least_at = number;
    }
    const double all = static_cast<double>(layer.trials.size());
    if (!best.points.empty() && best.points.back().x < all)
        best.points.push_back({all, least});
    plot.description =
        "Time over that of the hand schedule for each trial that has one, in the order they were "
        "made, and the best of the search so far";
    if (!best.points.empty())
        plot.description += ": in the end " + significant(least, 4) + ", with trial " +
                            fixed(least_at, 0) + " of " + std::to_string(layer.trials.size());
    plot.description += ".";
    plot.x.low = 0, plot.x.high = all;
    plot.y.low = std::max(0.0, std::floor(10 * std::min(lowest, 1.0) - 0.5) / 10);
    if (most > kMostShown) // slow ones would leave no room for the others
        plot.y.high = std::max(kMostShown, 1.2 * lowest);
    if (layer.trials.size() > kMostDots) {
        search.points.clear();
        plot.description += " Of so many trials of the search only the best so far is drawn.";
    }
    for (const report::PointSeries &series : {search, best, confirming})
        if (!series.points.empty())
            plot.series.push_back(series);
    return plot;
}

// What all names end in, from a comma on: ", avx512, 1 thread".
std::string common_end(const std::vector<SearchedLayer> &layers) {
    const std::string &first = layers.front().name;
    for (size_t at = first.find(", "); at != std::string::npos; at = first.find(", ", at + 1)) {
        const std::string end = first.substr(at);
        if (std::all_of(layers.begin(), layers.end(), [&](const SearchedLayer &layer) {
                return layer.name.size() > end.size() &&
                       layer.name.compare(layer.name.size() - end.size(), end.size(), end) == 0;
            }))
            return end;
    }
    return "";
}

struct ValueTrials {
    std::vector<double> ratios; // of those that have one
    size_t rejected = 0;

    double best() const {
        return ratios.empty() ? std::numeric_limits<double>::quiet_NaN()
                              : *std::min_element(ratios.begin(), ratios.end());
    }
};
using KnobTrials = std::map<std::string, std::map<int64_t, ValueTrials>>;

// Of the knobs that had several values.
KnobTrials trials_by_knob(const SearchedLayer &layer) {
    KnobTrials all;
    for (const autotune::Trial &trial : layer.trials) {
        const autotune::Json knobs = autotune::Json::parse(trial.knobs);
        for (const auto &[knob, value] : knobs.items()) {
            ValueTrials &trials = all[knob][value.get<int64_t>()];
            if (has_ratio(trial))
                trials.ratios.push_back(trial.ratio);
            trials.rejected += trial.outcome == autotune::Outcome::kOk ? 0 : 1;
        }
    }
    for (auto knob = all.begin(); knob != all.end();)
        knob = knob->second.size() < 2 ? all.erase(knob) : std::next(knob);
    return all;
}

report::BarChart knobs_chart(const KnobTrials &all) {
    std::vector<std::pair<double, std::string>> losses;
    for (const auto &[knob, values] : all) {
        double least = INFINITY, most = 0;
        for (const auto &[value, trials] : values)
            if (!trials.ratios.empty())
                least = std::min(least, trials.best()), most = std::max(most, trials.best());
        if (most > 0)
            losses.emplace_back(most / least - 1, knob);
    }
    std::stable_sort(losses.begin(), losses.end(),
                     [](const auto &a, const auto &b) { return a.first > b.first; });
    report::BarChart chart;
    chart.title = "How much each knob matters";
    chart.description =
        "For each knob, how much slower the best trial with its worst value is than the best trial "
        "with its best value. Other knobs differ between the two as well, and of few trials it is "
        "partly chance." +
        (losses.empty()
             ? ""
             : " The most: " + losses.front().second + ", " + percent(losses.front().first) + ".");
    chart.axis = "% slower with the worst value";
    chart.unit = "%";
    chart.digits = report::significant(3);
    chart.series = {{"", {}}};
    for (const auto &[loss, knob] : losses) {
        chart.categories.push_back(knob);
        chart.series[0].values.push_back(100 * loss);
    }
    return chart;
}

report::Table knobs_table(const KnobTrials &all) {
    report::Table table;
    table.caption = "Each value of each knob that varied";
    table.columns = {
        text_column("knob"),
        number_column("value", "", report::decimals(0)),
        number_column("with a time", "trials", report::decimals(0)),
        number_column("rejected", "trials", report::decimals(0)),
        number_column("best ratio", "", report::significant(4), report::Best::kLowest),
        number_column("median ratio", "", report::significant(4), report::Best::kLowest)};
    table.columns[4].explanation = table.columns[5].explanation = kRatioExplanation;
    table.best_within = {0};
    table.empty = "No knob had several values.";
    for (const auto &[knob, values] : all)
        for (const auto &[value, trials] : values)
            table.rows.push_back({{knob, value, trials.ratios.size(), trials.rejected,
                                   trials.best(), measured(median(trials.ratios))}});
    return table;
}

report::Row trial_row(const std::string &what, const autotune::Trial &trial, double ratio) {
    return {{what, trial.stage, measured(trial.median, 1e3), measured(trial.quartile1, 1e3),
             measured(trial.quartile3, 1e3), measured(trial.incumbent, 1e3), measured(ratio),
             measured(static_cast<double>(trial.code_bytes), 1e-3), knobs_text(trial.knobs)}};
}

report::Table defaults_table(const SearchedLayer &layer) {
    const report::Digits digits = report::significant(4);
    report::Table table;
    table.caption = "The best against what is there without a search";
    table.columns = {text_column("kernel"),
                     text_column("stage"),
                     number_column("median", "ms", digits),
                     number_column("lower quartile", "ms", digits),
                     number_column("upper quartile", "ms", digits),
                     number_column("hand beside it", "ms", digits),
                     number_column("ratio", "", digits, report::Best::kLowest),
                     number_column("code", "kB", report::significant(3)),
                     report::code_column("knobs")};
    table.columns[5].explanation = "median of the hand schedule in the rounds of the same trial";
    table.columns[6].explanation = std::string(kRatioExplanation) +
                                   "; the median where the same knobs were confirmed several times";
    report::Row hand = {{"hand schedule"}};
    hand.highlighted = true;
    if (layer.best) {
        const report::Cell time = measured(layer.best->trial.incumbent, 1e3);
        hand.cells = {"hand schedule", {}, time, {}, {}, time, 1};
    }
    table.rows.push_back(hand);
    const auto add = [&](const std::string &what, const std::string &knobs) {
        const autotune::Trial *trial = trial_of(layer, knobs);
        report::Row row = {{what}};
        if (trial) {
            row = trial_row(what, *trial, trial->ratio);
        } else {
            row.cells.resize(table.columns.size());
            row.cells.back() = knobs_text(knobs);
            row.status = report::Status::kSkipped, row.reason = "not tried";
        }
        if (trial && trial->outcome != autotune::Outcome::kOk) {
            row.status = report::Status::kFailed;
            row.reason = autotune::outcome_name(trial->outcome);
        }
        table.rows.push_back(row);
    };
    if (!layer.usual.empty())
        add("usual knobs", layer.usual);
    if (layer.best)
        table.rows.push_back(trial_row(layer.best->confirmed ? "best, confirmed"
                                                             : "best of the search, not confirmed",
                                       layer.best->trial, layer.best->ratio));
    if (layer.has_wisdom_row())
        add("in the wisdom", *layer.wisdom);
    return table;
}

} // namespace

size_t SearchedLayer::count(autotune::Outcome outcome) const {
    return static_cast<size_t>(
        std::count_if(trials.begin(), trials.end(),
                      [&](const autotune::Trial &trial) { return trial.outcome == outcome; }));
}

size_t SearchedLayer::rejected() const {
    return trials.size() - count(autotune::Outcome::kOk);
}

size_t SearchedLayer::by_model() const {
    return static_cast<size_t>(
        std::count_if(trials.begin(), trials.end(), [](const autotune::Trial &trial) {
            return trial.strategy == "model" && !confirms(trial);
        }));
}

bool SearchedLayer::has_wisdom_row() const {
    return wisdom && *wisdom != "{}" && !(best && best->knobs == *wisdom);
}

double SearchedLayer::build_seconds() const {
    double sum = 0;
    for (const autotune::Trial &trial : trials)
        sum += std::isfinite(trial.build_seconds) ? trial.build_seconds : 0;
    return sum;
}

SearchedLayer searched_layer(const autotune::TuningKey &key, const autotune::History &history,
                             const autotune::Wisdom &wisdom) {
    SearchedLayer layer;
    layer.name = autotune::text_of(key);
    layer.trials = history.trials(key, "time");
    layer.best = best_knobs(layer.trials, true);
    if (!layer.best)
        layer.best = best_knobs(layer.trials, false);
    if (!layer.trials.empty() && autotune::why_untunable(key).empty()) {
        const autotune::KnobSpace space = autotune::space_of(key);
        layer.usual = space.json(space.point(space.usual())).dump();
    }
    if (const auto entry = wisdom.entries.find(key); entry != wisdom.entries.end())
        layer.wisdom = entry->second.knobs.dump();
    return layer;
}

std::string counted(size_t count, const std::string &what) {
    return grouped(static_cast<int64_t>(count)) + " " + what + (count == 1 ? "" : "s");
}

report::BarChart gains_chart(const std::vector<SearchedLayer> &layers) {
    report::BarChart chart;
    chart.title = "How much faster the best knobs are than the hand schedule";
    chart.description =
        "For each layer the time of the hand schedule over that of the best knobs, less one, in "
        "percent. Below 0 nothing that was tried is as fast as the hand schedule, which stays.";
    chart.axis = "% faster than by hand";
    chart.unit = "%";
    chart.digits = report::significant(3);
    chart.series = {{"", {}}};
    const std::string end = common_end(layers);
    chart.title += end;
    for (const SearchedLayer &layer : layers) {
        chart.categories.push_back(layer.name.substr(0, layer.name.size() - end.size()));
        chart.series[0].values.push_back(layer.best ? 100 * (1 / layer.best->ratio - 1)
                                                    : std::numeric_limits<double>::quiet_NaN());
    }
    return chart;
}

report::Table layers_table(const std::vector<SearchedLayer> &layers) {
    report::Table table;
    table.caption = "Every layer";
    table.columns = {text_column("layer"),
                     number_column("trials", "", report::decimals(0)),
                     number_column("by the model", "", report::decimals(0)),
                     number_column("rejected", "", report::decimals(0)),
                     number_column("builds", "s", report::significant(3)),
                     number_column("by hand", "ms", report::significant(4)),
                     number_column("best", "ms", report::significant(4)),
                     number_column("ratio", "", report::significant(4)),
                     text_column("confirmed")};
    table.columns[2].explanation = "trials of the search that the strategy \"model\" chose";
    table.columns[7].explanation = kRatioExplanation;
    table.empty = "No layer was searched.";
    for (const SearchedLayer &layer : layers) {
        report::Row row = {{layer.name, layer.trials.size(), layer.by_model(), layer.rejected(),
                            layer.build_seconds()}};
        if (layer.best)
            for (const report::Cell &cell :
                 {measured(layer.best->trial.incumbent, 1e3),
                  measured(layer.best->trial.median, 1e3), report::Cell(layer.best->ratio),
                  report::Cell(layer.best->confirmed ? "yes" : "no")})
                row.cells.push_back(cell);
        table.rows.push_back(row);
    }
    return table;
}

report::Section layer_section(const SearchedLayer &layer) {
    report::Section section = {layer.name, {}};
    if (layer.trials.empty()) {
        section.content.push_back(report::Paragraph{"The history has no trials of this layer."});
        return section;
    }
    section.content.push_back(report::Paragraph{trials_text(layer)});
    section.content.push_back(defaults_table(layer));
    if (std::any_of(layer.trials.begin(), layer.trials.end(), has_ratio))
        section.content.push_back(best_over_time(layer));
    const KnobTrials by_knob = trials_by_knob(layer);
    if (const report::BarChart chart = knobs_chart(by_knob); !chart.categories.empty())
        section.content.push_back(chart);
    section.content.push_back(knobs_table(by_knob));
    return section;
}

report::Table rejected_table(const std::vector<SearchedLayer> &layers) {
    report::Table table;
    table.caption = "Every trial that was rejected, with its number among those of the layer";
    table.columns = {text_column("layer"),  number_column("trial", "", report::decimals(0)),
                     text_column("stage"),  text_column("outcome"),
                     text_column("reason"), report::code_column("knobs")};
    table.filter = true;
    table.empty = "No trial was rejected.";
    for (const SearchedLayer &layer : layers)
        for (size_t i = 0; i < layer.trials.size(); ++i) {
            const autotune::Trial &trial = layer.trials[i];
            if (trial.outcome != autotune::Outcome::kOk)
                table.rows.push_back(
                    {{layer.name, i + 1, trial.stage, autotune::outcome_name(trial.outcome),
                      trial.reason, knobs_text(trial.knobs)}});
        }
    return table;
}

} // namespace involute
