// Horizontal grouped bars. The names of categories stand beside the bars, above them where the
// picture is narrow; each bar has its value at its end and the mark of its series at its start.
#include <algorithm>
#include <cmath>
#include <limits>

#include "report/draw.h"
#include "report/scale.h"

namespace involute::report {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kGap = 6; // between a bar and the text beside it

double at(const std::vector<double> &values, size_t i) {
    return i < values.size() ? values[i] : kNan;
}

class Bars {
public:
    Bars(const BarChart &chart, int width, const std::string &id)
        : chart_(chart), width_(width), narrow_(width < kNarrow),
          svg_(width, id, chart.title, chart.description) {}

    std::string drawn() {
        choose_scale();
        choose_margins();
        double y = 0;
        if (chart_.series.size() > 1)
            y += draw_legend(&svg_, 0, width_, legend()) + 8;
        top_ = y + (chart_.references.empty() ? 0 : 16);
        const double bottom = top_ + height_of_groups();
        draw_axis(bottom);
        y = top_;
        for (size_t category = 0; category < chart_.categories.size(); ++category)
            y = draw_group(category, y);
        draw_references(bottom);
        // Above the lines, which run through them where the picture is narrow.
        for (size_t category = 0; category < chart_.categories.size(); ++category)
            draw_name(category);
        return svg_.finish(bottom + 22 + (chart_.axis.empty() ? 0 : 18), "plot bars");
    }

private:
    void choose_scale() {
        std::vector<double> all;
        for (const BarSeries &series : chart_.series)
            for (const auto *values : {&series.values, &series.low, &series.high})
                all.insert(all.end(), values->begin(), values->end());
        for (const Reference &reference : chart_.references)
            all.push_back(reference.value);
        if (chart_.base)
            all.push_back(*chart_.base);
        else if (!chart_.logarithmic)
            all.push_back(0);
        scale_ = scale_for(all, chart_.logarithmic);
        if (chart_.logarithmic && !chart_.base && scale_.takes(scale_.low * 0.5)) {
            // The shortest bar is still a bar.
            all.push_back(scale_.low * 0.99);
            scale_ = scale_for(all, true);
        }
        base_ = chart_.base && scale_.shows(*chart_.base) ? *chart_.base
                : chart_.logarithmic                      ? scale_.low
                                                          : 0;
    }

    void choose_margins() {
        double names = 0, values = 0, values_left = 0;
        for (const std::string &category : chart_.categories)
            names = std::max(names, text_width(category));
        for (const BarSeries &series : chart_.series)
            for (double value : series.values) {
                const double needed = text_width(value_text(value)) + kGap;
                values = std::max(values, needed);
                if (scale_.takes(value) && value < base_)
                    values_left = std::max(values_left, needed);
            }
        const double glyphs = chart_.series.size() > 1 ? 16 : 0;
        names_ = narrow_ ? 0 : std::min(names, 0.34 * width_);
        left_ = names_ + (narrow_ ? 0 : 10) + glyphs + values_left;
        right_ = width_ - std::max(values, 12.0);
    }

    double bar_height() const {
        return chart_.series.size() > 2 ? 13 : 16;
    }

    double group_height() const {
        return static_cast<double>(chart_.series.size()) * (bar_height() + 3) + (narrow_ ? 18 : 0) +
               9;
    }

    double height_of_groups() const {
        return static_cast<double>(chart_.categories.size()) * group_height();
    }

    double x_of(double value) const {
        return left_ + (right_ - left_) * std::clamp(scale_.fraction(value), 0.0, 1.0);
    }

    std::string value_text(double value) const {
        if (std::isnan(value))
            return "no value";
        const std::string text = number_text(value, chart_.digits, chart_.unit);
        return !scale_.takes(value) && !std::isinf(value) ? text + ", off the axis" : text;
    }

    std::vector<LegendEntry> legend() const {
        std::vector<LegendEntry> entries;
        for (size_t i = 0; i < chart_.series.size(); ++i)
            entries.push_back({chart_.series[i].name, series_class(i), i});
        return entries;
    }

    void draw_axis(double bottom) {
        for (const Tick &tick : ticks(scale_, narrow_ ? 5 : width_ / 90)) {
            const double x = x_of(tick.value);
            if (tick.label.empty())
                continue;
            svg_.line(x, top_, x, bottom, "grid");
            svg_.text(x, bottom + 15, tick.label, "tick", Anchor::kMiddle);
        }
        svg_.line(x_of(base_), top_, x_of(base_), bottom, "axis");
        if (!chart_.axis.empty())
            svg_.text(left_, bottom + 34,
                      shortened(chart_.axis + (chart_.logarithmic ? ", logarithmic" : ""),
                                width_ - left_),
                      "label");
    }

    double draw_group(size_t category, double y) {
        const double bottom = y + group_height();
        y += 4.5 + (narrow_ ? 18 : 0);
        for (size_t i = 0; i < chart_.series.size(); ++i) {
            draw_bar(category, i, y);
            y += bar_height() + 3;
        }
        return bottom;
    }

    void draw_name(size_t category) {
        const double y = top_ + static_cast<double>(category) * group_height() + 4.5;
        const double bars = group_height() - 12; // without the gap below
        const std::string &name = chart_.categories[category];
        if (narrow_)
            svg_.text(0, y + 12, shortened(name, width_), "category");
        else
            svg_.text(names_, y + bars / 2 + 4, shortened(name, names_ + 1), "category",
                      Anchor::kEnd);
    }

    void draw_bar(size_t category, size_t i, double y) {
        const BarSeries &series = chart_.series[i];
        const double value = at(series.values, category);
        const double middle = y + bar_height() / 2;
        const bool shown = scale_.takes(value);
        const double end = shown ? x_of(value) : x_of(base_);
        double left = std::min(end, x_of(base_)), right = std::max(end, x_of(base_));
        svg_.begin_mark(tooltip(category, i), "mark " + series_class(i));
        if (shown) // a value at the base is a hairline
            svg_.rectangle(left, y, std::max(right - left, 1.0), bar_height(), "bar");
        if (chart_.series.size() > 1)
            svg_.marker(left_ - 9, middle, i, 3.6);
        svg_.end_mark();
        const double low = at(series.low, category), high = at(series.high, category);
        if (shown && scale_.takes(low) && scale_.takes(high)) {
            for (const char *css : {"halo", "whisker"}) { // seen on a dark bar, too
                svg_.line(x_of(low), middle, x_of(high), middle, css);
                for (double edge : {low, high})
                    svg_.line(x_of(edge), middle - 3, x_of(edge), middle + 3, css);
            }
            left = std::min(left, x_of(low));
            right = std::max(right, x_of(high));
        }
        const bool leftwards = shown && value < base_;
        svg_.text(leftwards ? left - kGap : right + kGap, middle + 4, value_text(value),
                  shown ? "value" : "value absent", leftwards ? Anchor::kEnd : Anchor::kStart);
    }

    std::string tooltip(size_t category, size_t i) const {
        const BarSeries &series = chart_.series[i];
        const double low = at(series.low, category), high = at(series.high, category);
        std::string text = chart_.categories[category];
        if (!series.name.empty())
            text += ", " + series.name;
        text += ": " + value_text(at(series.values, category));
        if (!std::isnan(low) && !std::isnan(high))
            text += " (" + number_text(low, chart_.digits) + " to " +
                    number_text(high, chart_.digits, chart_.unit) + ")";
        return text;
    }

    void draw_references(double bottom) {
        for (const Reference &reference : chart_.references) {
            if (!scale_.shows(reference.value))
                continue;
            const double x = x_of(reference.value);
            svg_.line(x, top_ - 4, x, bottom, "reference");
            const bool flipped = x + text_width(reference.label) > width_;
            svg_.text(x + (flipped ? 2 : -2), top_ - 7, reference.label, "reference",
                      flipped ? Anchor::kEnd : Anchor::kStart);
        }
    }

    const BarChart &chart_;
    double width_;
    bool narrow_;
    Svg svg_;
    Scale scale_;
    double base_ = 0, names_ = 0, left_ = 0, right_ = 0, top_ = 0;
};

} // namespace

std::string bars_svg(const BarChart &chart, int width, const std::string &id) {
    return Bars(chart, width, id).drawn();
}

} // namespace involute::report
