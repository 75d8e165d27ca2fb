// Points and lines in a rectangle with two axes, and rooflines as such a plot with two logarithmic
// ones. Names are written beside marks where they cover nothing.
#include <algorithm>
#include <array>
#include <cmath>

#include "report/draw.h"
#include "report/scale.h"

namespace involute::report {

namespace {

constexpr double kDegrees = 57.29577951308232;

struct Box {
    double left, top, right, bottom;

    bool meets(const Box &other) const {
        return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
};

double radius_of(const PointSeries &series) {
    return series.points.size() > 150 ? 2.5 : 4.5;
}

class Frame {
public:
    Frame(int width, const std::string &id, const std::string &title,
          const std::string &description)
        : svg(width, id, title, description), width_(width), narrow_(width < kNarrow) {}

    // Legend, axes and grid.
    void begin(const Axis &x, const Axis &y, const Scale &x_scale, const Scale &y_scale,
               const std::vector<LegendEntry> &legend) {
        x_scale_ = x_scale;
        y_scale_ = y_scale;
        double top = draw_legend(&svg, 0, width_, legend);
        top += top > 0 ? 6 : 0;
        svg.text(0, top + 12, shortened(y.label, width_), "label");
        top += 26;
        const double height = narrow_ ? 0.8 * width_ : std::clamp(0.45 * width_, 280.0, 400.0);
        const std::vector<Tick> y_ticks = ticks(y_scale, 7);
        double left = 0;
        for (const Tick &tick : y_ticks)
            left = std::max(left, text_width(tick.label));
        inside_ = {left + 8, top, width_ - 14, top + height};
        for (const Tick &tick : y_ticks) {
            if (tick.label.empty())
                continue;
            svg.line(inside_.left, y_of(tick.value), inside_.right, y_of(tick.value), "grid");
            svg.text(inside_.left - 6, y_of(tick.value) + 4, tick.label, "tick", Anchor::kEnd);
        }
        double end = -1e9; // of the last label: those that would touch it are left out
        for (const Tick &tick : ticks(x_scale, narrow_ ? 5 : width_ / 90)) {
            if (tick.label.empty())
                continue;
            const double at = x_of(tick.value), half = text_width(tick.label) / 2;
            svg.line(at, inside_.top, at, inside_.bottom, "grid");
            if (at - half < end + 4)
                continue;
            svg.text(at, inside_.bottom + 16, tick.label, "tick", Anchor::kMiddle);
            end = at + half;
        }
        svg.line(inside_.left, inside_.bottom, inside_.right, inside_.bottom, "axis");
        svg.line(inside_.left, inside_.top, inside_.left, inside_.bottom, "axis");
        svg.text(inside_.right, inside_.bottom + 34, shortened(x.label, width_), "label",
                 Anchor::kEnd);
    }

    void level(const Reference &reference) {
        if (!y_scale_.shows(reference.value))
            return;
        const double y = y_of(reference.value);
        svg.line(inside_.left, y, inside_.right, y, "reference");
        const std::string name = shortened(reference.label, inside_.right - inside_.left);
        const double wide = text_width(name);
        // Where it covers nothing: at the right or the left, above or below; else over what is.
        const std::array<Box, 4> places = {
            {{inside_.right - wide, y - 17, inside_.right, y - 1},
             {inside_.right - wide, y + 1, inside_.right, y + 17},
             {inside_.left + 4, y - 17, inside_.left + 4 + wide, y - 1},
             {inside_.left + 4, y + 1, inside_.left + 4 + wide, y + 17}}};
        const Box *box = std::find_if(places.begin(), places.end(),
                                      [&](const Box &place) { return free(place); });
        box = box == places.end() ? places.begin() : box;
        svg.text(box->left, box->top + 12, name, "reference");
        taken_.push_back(*box);
    }

    void roof(const Roof &roof, const std::string &css) {
        const double from = std::max(x_scale_.low, y_scale_.low / roof.bandwidth);
        const double ridge = roof.peak / roof.bandwidth;
        std::vector<std::pair<double, double>> corners;
        for (double x :
             {from, std::clamp(ridge, from, std::max(from, x_scale_.high)), x_scale_.high})
            corners.push_back({x_of(x), y_of(std::min(roof.bandwidth * x, roof.peak))});
        svg.begin_mark(roof_text(roof), "mark");
        svg.polyline(corners, css);
        svg.end_mark();
        for (size_t i = 1; i < corners.size(); ++i)
            keep_free(corners[i - 1], corners[i]);
        const auto [x1, y1] = corners[0];
        const auto [x2, y2] = corners[1];
        const double length = std::hypot(x2 - x1, y2 - y1);
        const std::string slope = number_text(roof.bandwidth, significant(3), "GB/s");
        const std::string flat = number_text(roof.peak, significant(3), "GFLOP/s");
        if (length > text_width(slope) + 16) {
            const double angle = std::atan2(y2 - y1, x2 - x1);
            // Near the low end, lifted off the line.
            const double along = 10;
            svg.text(x1 + along * std::cos(angle) + 5 * std::sin(angle),
                     y1 + along * std::sin(angle) - 5 * std::cos(angle), slope, "roof",
                     Anchor::kStart, angle * kDegrees);
        }
        const double y = corners[2].second;
        const Box box{inside_.right - text_width(flat), y - 17, inside_.right, y - 1};
        if (inside_.right - x2 > text_width(flat) && free(box)) {
            svg.text(inside_.right, y - 5, flat, "roof", Anchor::kEnd);
            taken_.push_back(box);
        }
    }

    // Both axes take the point and show it.
    bool shows(const Point &point) const {
        return x_scale_.shows(point.x) && y_scale_.shows(point.y);
    }

    void series(const PointSeries &series, size_t number, const std::string &tooltip_start,
                const Axis &x, const Axis &y) {
        if (series.line) {
            std::vector<std::pair<double, double>> run;
            for (const Point &point : series.points) {
                if (shows(point)) {
                    run.push_back({x_of(point.x), y_of(point.y)});
                    continue;
                }
                svg.polyline(run, "curve " + series_class(number));
                run.clear();
            }
            svg.polyline(run, "curve " + series_class(number));
        }
        const double radius = radius_of(series);
        for (const Point &point : series.points) {
            if (!shows(point)) {
                ++hidden_;
                continue;
            }
            if (!series.marks && series.line)
                continue;
            const double at_x = x_of(point.x), at_y = y_of(point.y);
            svg.begin_mark(tooltip_start + (point.name.empty() ? "" : point.name + ": ") + x.label +
                               " " + number_text(point.x, x.digits) + ", " + y.label + " " +
                               number_text(point.y, y.digits),
                           "mark " + series_class(number));
            svg.marker(at_x, at_y, number, radius);
            svg.end_mark();
            taken_.push_back({at_x - radius, at_y - radius, at_x + radius, at_y + radius});
        }
    }

    // No name is written across this line.
    void keep_free(std::pair<double, double> from, std::pair<double, double> to) {
        const int steps =
            static_cast<int>(std::hypot(to.first - from.first, to.second - from.second) / 4);
        for (int i = 0; i <= steps; ++i) {
            const double share = steps > 0 ? static_cast<double>(i) / steps : 0;
            const double x = from.first + share * (to.first - from.first);
            const double y = from.second + share * (to.second - from.second);
            taken_.push_back({x - 1, y - 1, x + 1, y + 1});
        }
    }

    // After all marks are drawn, around the mark or not at all.
    void names(const PointSeries &series) {
        for (const Point &point : series.points) {
            if (!point.labelled || point.name.empty() || !shows(point))
                continue;
            const double x = x_of(point.x), y = y_of(point.y), wide = text_width(point.name);
            const double half = wide / 2, gap = radius_of(series) + 3.5;
            // Letters are about 10 high.
            const std::array<Box, 6> places = {{{x + gap, y - 5, x + gap + wide, y + 5},
                                                {x - gap - wide, y - 5, x - gap, y + 5},
                                                {x - half, y - gap - 11, x + half, y - gap - 1},
                                                {x - half, y + gap + 1, x + half, y + gap + 11},
                                                {x + 4, y - gap - 9, x + 4 + wide, y - gap + 1},
                                                {x - 4 - wide, y - gap - 9, x - 4, y - gap + 1}}};
            for (const Box &box : places) {
                if (!free(box))
                    continue;
                svg.text(box.left, box.top + 9, point.name, "name");
                taken_.push_back(box);
                break;
            }
        }
    }

    std::string finish(const std::string &css) {
        double height = inside_.bottom + 40;
        if (hidden_ > 0) {
            svg.text(0, height + 10,
                     std::to_string(hidden_) + (hidden_ == 1 ? " point is" : " points are") +
                         " not on these axes.",
                     "label");
            height += 18;
        }
        return svg.finish(height, css);
    }

    Svg svg;

private:
    double x_of(double value) const {
        return inside_.left + (inside_.right - inside_.left) * x_scale_.fraction(value);
    }

    double y_of(double value) const {
        return inside_.bottom - (inside_.bottom - inside_.top) * y_scale_.fraction(value);
    }

    bool free(const Box &box) const {
        return box.left >= inside_.left && box.right <= width_ && box.top >= inside_.top - 8 &&
               box.bottom <= inside_.bottom &&
               std::none_of(taken_.begin(), taken_.end(),
                            [&](const Box &other) { return box.meets(other); });
    }

    double width_;
    bool narrow_;
    Scale x_scale_, y_scale_;
    Box inside_{};
    std::vector<Box> taken_;
    int hidden_ = 0;
};

Scale scale_of(const Axis &axis, std::vector<double> values) {
    Scale scale = scale_for(values, axis.logarithmic);
    if (axis.low && scale.takes(*axis.low))
        scale.low = *axis.low;
    if (axis.high && scale.takes(*axis.high))
        scale.high = *axis.high;
    // Limits in the wrong order, or too close for ticks between them.
    const double size = std::max(std::abs(scale.low), std::abs(scale.high));
    return scale.high - scale.low > 1e-9 * size ? scale : scale_for({scale.low}, axis.logarithmic);
}

std::vector<LegendEntry> legend_of(const std::vector<PointSeries> &series) {
    std::vector<LegendEntry> entries;
    for (size_t i = 0; i < series.size(); ++i)
        if (!series[i].name.empty())
            entries.push_back(
                {series[i].name,
                 series[i].marks || !series[i].line ? series_class(i) : "curve " + series_class(i),
                 i, !series[i].marks && series[i].line});
    return entries;
}

void draw_series(Frame *frame, const std::vector<PointSeries> &all, const Axis &x, const Axis &y) {
    for (size_t i = 0; i < all.size(); ++i)
        frame->series(all[i], i, all[i].name.empty() ? "" : all[i].name + ", ", x, y);
    for (const PointSeries &series : all)
        frame->names(series);
}

} // namespace

std::string scatter_svg(const ScatterPlot &plot, int width, const std::string &id) {
    std::vector<double> xs, ys;
    for (const PointSeries &series : plot.series)
        for (const Point &point : series.points) {
            xs.push_back(point.x);
            ys.push_back(point.y);
        }
    for (const Reference &level : plot.levels)
        ys.push_back(level.value);
    Frame frame(width, id, plot.title, plot.description);
    frame.begin(plot.x, plot.y, scale_of(plot.x, xs), scale_of(plot.y, ys), legend_of(plot.series));
    draw_series(&frame, plot.series, plot.x, plot.y);
    for (const Reference &level : plot.levels)
        frame.level(level);
    return frame.finish("plot points");
}

std::string roofline_svg(const RooflinePlot &plot, int width, const std::string &id) {
    const Axis x{plot.x_label, true, significant(3)}, y{plot.y_label, true, significant(3)};
    std::vector<double> xs, ys;
    for (const PointSeries &series : plot.series)
        for (const Point &point : series.points) {
            xs.push_back(point.x);
            ys.push_back(point.y * 0.8); // no mark on the axis
        }
    std::vector<LegendEntry> legend = legend_of(plot.series);
    size_t number = 0;
    for (const Roof &roof : plot.roofs) {
        if (!(roof.bandwidth > 0 && roof.peak > 0))
            continue;
        // Slope and flat part are both seen, the label above the flat one as well.
        const double ridge = roof.peak / roof.bandwidth;
        xs.insert(xs.end(), {ridge / 4, ridge * 4});
        ys.insert(ys.end(), {roof.peak / 4, roof.peak * 1.3});
        legend.push_back({roof_text(roof), "roof r" + std::to_string(number++ % 4), 0, true});
    }
    Frame frame(width, id, plot.title, plot.description);
    frame.begin(x, y, scale_for(xs, true), scale_for(ys, true), legend);
    number = 0;
    for (const Roof &roof : plot.roofs)
        if (roof.bandwidth > 0 && roof.peak > 0)
            frame.roof(roof, "roof r" + std::to_string(number++ % 4));
    draw_series(&frame, plot.series, x, y);
    return frame.finish("plot roofline");
}

} // namespace involute::report
