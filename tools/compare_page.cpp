// What all pages share, and the page of schedules.
#include "compare_page.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "compare_parts.h"
#include "packs.h"
#include "print.h"

namespace involute {

namespace {

using report::number_column;
using report::percent_column;
using report::text_column;

// One operator or network at one size on one machine: its rows by schedule.
struct Place {
    std::string group, text; // text: group and machine, place_of
    std::map<std::string, const Json *> by_schedule;

    // The fastest of the autoscheduled, or nullptr.
    const Json *best_auto() const {
        const Json *best = nullptr;
        for (const auto &[schedule, row] : by_schedule)
            if (is_autoscheduled(schedule) && is_measured(*row) &&
                (!best || ms_of(*row) < ms_of(*best)))
                best = row;
        return best;
    }
    const Json *of(const std::string &schedule) const {
        const auto found = by_schedule.find(schedule);
        return found != by_schedule.end() && is_measured(*found->second) ? found->second : nullptr;
    }
    double hand_ratio() const { // how much faster hand is than the best autoscheduled; NaN
        const Json *hand = of(kHand), *best = best_auto();
        return hand && best ? ms_of(*best) / ms_of(*hand)
                            : std::numeric_limits<double>::quiet_NaN();
    }
};

std::vector<Place> places_of(const std::vector<Json> &rows) {
    std::vector<Place> places;
    std::map<std::string, size_t> known;
    for (const Json &row : rows) {
        const std::string text = place_of(row);
        const auto [found, first] = known.emplace(text, places.size());
        if (first)
            places.push_back({row.at("group"), text, {}});
        places[found->second].by_schedule[row.at("schedule")] = &row;
    }
    return places;
}

std::string operator_of(const std::string &group) {
    return group.substr(0, group.find(' '));
}

std::vector<std::string> operators_of(const std::vector<Place> &places) {
    std::vector<std::string> names;
    for (const Place &place : places)
        add_once(operator_of(place.group), &names);
    return names;
}

std::string headline(const std::vector<Place> &places) {
    std::vector<double> ratios;
    size_t faster = 0, least = 0;
    for (size_t i = 0; i < places.size(); ++i) {
        const double ratio = places[i].hand_ratio();
        if (std::isnan(ratio))
            continue;
        faster += ratio >= 1;
        if (ratios.empty() || ratio < places[least].hand_ratio())
            least = i;
        ratios.push_back(ratio);
    }
    if (ratios.empty())
        return "No case has both a hand schedule and an autoscheduled one that works.";
    return "Hand schedules are at least as fast as the best autoscheduled one in " +
           std::to_string(faster) + " of " + std::to_string(ratios.size()) +
           " cases, by a factor of " + fixed(geometric_mean(ratios), 1) + " in the mean and " +
           fixed(places[least].hand_ratio(), 2) + " at least (" + places[least].text + ").";
}

// How many times slower the others are, operator by operator.
report::BarChart overview(const std::vector<Place> &places) {
    report::BarChart chart;
    chart.title = "Time of autoscheduled kernels over that of the hand schedule";
    chart.description =
        "For each operator the geometric mean over its shapes of the time of each autoscheduler "
        "divided by the time of the hand schedule; 1 is as fast.";
    chart.axis = "times the hand schedule";
    chart.unit = "x";
    chart.digits = report::significant(3);
    chart.logarithmic = true, chart.base = 1;
    chart.categories = operators_of(places);
    std::set<std::string> schedules;
    for (const Place &place : places)
        for (const auto &[schedule, row] : place.by_schedule)
            if (is_autoscheduled(schedule))
                schedules.insert(schedule);
    for (const std::string &schedule : schedules) {
        report::BarSeries series;
        series.name = schedule;
        for (const std::string &name : chart.categories) {
            std::vector<double> ratios;
            for (const Place &place : places)
                if (operator_of(place.group) == name && place.of(schedule) && place.of(kHand))
                    ratios.push_back(ms_of(*place.of(schedule)) / ms_of(*place.of(kHand)));
            series.values.push_back(geometric_mean(ratios));
        }
        chart.series.push_back(series);
    }
    return chart;
}

report::BarChart chart_of(const std::string &name, const std::vector<Place> &places) {
    report::BarChart chart;
    chart.title = name + ": share of the multiply-add peak";
    chart.description = "Multiply-adds that " + name +
                        " needs a second, over what the cores can do at most, for each shape and "
                        "schedule. Longer is faster.";
    chart.axis = "% of the multiply-add peak";
    chart.unit = "%";
    chart.digits = report::significant(3);
    std::vector<std::string> schedules;
    for (const Place &place : places)
        for (const auto &[schedule, row] : place.by_schedule)
            add_once(schedule, &schedules);
    bool products = false;
    for (const Place &place : places)
        products = products || (place.of(kHand) && place.of(kHand)->at("macs") > 0);
    if (!products) {
        chart.title = name + ": time";
        chart.axis = "ms", chart.unit = "ms", chart.logarithmic = true;
        chart.description = "Median time of " + name + " for each shape and schedule.";
    }
    for (const std::string &schedule : schedules) {
        report::BarSeries series;
        series.name = schedule;
        for (const Place &place : places) {
            const Json *row = place.of(schedule);
            series.values.push_back(!row       ? std::numeric_limits<double>::quiet_NaN()
                                    : products ? 100 * row->at("peak_fraction").get<double>()
                                               : ms_of(*row));
        }
        chart.series.push_back(series);
    }
    for (const Place &place : places)
        chart.categories.push_back(place.text.substr(name.size() + 1));
    return chart;
}

report::Table ratios_table(const std::vector<Place> &places) {
    report::Table table;
    table.caption = "Hand against the best autoscheduled schedule";
    table.columns = {text_column("case"), number_column("hand", "ms", report::significant(3)),
                     number_column("best autoscheduled", "ms", report::significant(3)),
                     text_column("by"),
                     number_column("hand is faster by", "x", report::significant(3))};
    for (const Place &place : places) {
        const Json *hand = place.of(kHand), *best = place.best_auto();
        report::Row row;
        row.cells = {place.text, hand ? report::Cell(ms_of(*hand)) : report::Cell(),
                     best ? report::Cell(ms_of(*best)) : report::Cell(),
                     best ? report::Cell(best->at("schedule").get<std::string>()) : report::Cell(),
                     place.hand_ratio()};
        row.highlighted = place.hand_ratio() < 1;
        table.rows.push_back(row);
    }
    table.filter = true;
    return table;
}

} // namespace

report::Page schedules_page(const std::vector<Json> &rows, const PageFacts &facts) {
    const std::vector<Place> places = places_of(rows);
    report::Page page;
    page.title = "Schedules of involute's operators";
    page.headline = headline(places);
    page.plot = overview(places);
    page.facts = facts_of(rows, facts);
    page.sections.push_back({"Hand and autoscheduled", {ratios_table(places)}});
    page.sections.push_back({"All measurements", {rows_table(rows)}});
    report::Section each = {"Operator by operator", {}};
    for (const std::string &name : operators_of(places)) {
        std::vector<Place> own;
        for (const Place &place : places)
            if (operator_of(place.group) == name)
                own.push_back(place);
        each.content.push_back(chart_of(name, own));
    }
    page.sections.push_back(each);
    page.sections.push_back({"Roofline", {roofline(rows, facts)}});
    page.sections.push_back({"What the schedules cost", {costs_table(rows)}});
    page.sections.push_back({"What did not work", {failures_table(rows)}});
    page.code = code_of(rows);
    return page;
}

} // namespace involute
