#include "report/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "report/escape.h"

namespace involute::report {

namespace {

constexpr size_t kSeries = 8;

std::string unit(double value) { // a tenth of a unit is finer than any screen
    char text[40];
    std::snprintf(text, sizeof text, "%.1f", value + 0.0);
    std::string short_text = text;
    if (short_text.size() > 2 && short_text.substr(short_text.size() - 2) == ".0")
        short_text.resize(short_text.size() - 2);
    return short_text == "-0" ? "0" : short_text;
}

std::string attribute(const char *name, const std::string &value) {
    return value.empty() ? "" : std::string(" ") + name + "=\"" + value + "\"";
}

std::string place(const char *name, double value) {
    return attribute(name, unit(value));
}

bool continues(char c) { // a character of UTF-8
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Unit shapes of equal weight to the eye; y points down.
const std::vector<std::vector<std::pair<double, double>>> &shapes() {
    static const std::vector<std::vector<std::pair<double, double>>> all = {
        {}, // a circle
        {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}},
        {{0, -1.2}, {1.15, 0.85}, {-1.15, 0.85}},
        {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}},
        {{0, 1.2}, {1.15, -0.85}, {-1.15, -0.85}},
        {{-0.4, -1.2},
         {0.4, -1.2},
         {0.4, -0.4},
         {1.2, -0.4},
         {1.2, 0.4},
         {0.4, 0.4},
         {0.4, 1.2},
         {-0.4, 1.2},
         {-0.4, 0.4},
         {-1.2, 0.4},
         {-1.2, -0.4},
         {-0.4, -0.4}},
        {{0, -1.25}, {1.19, -0.39}, {0.73, 1.01}, {-0.73, 1.01}, {-1.19, -0.39}},
        {{-1.2, -0.6},
         {-0.6, -1.2},
         {0, -0.6},
         {0.6, -1.2},
         {1.2, -0.6},
         {0.6, 0},
         {1.2, 0.6},
         {0.6, 1.2},
         {0, 0.6},
         {-0.6, 1.2},
         {-1.2, 0.6},
         {-0.6, 0}},
    };
    return all;
}

} // namespace

double text_width(const std::string &text) {
    double width = 0;
    for (char c : text)
        if (!continues(c))
            width += std::string("iljtfrI.,:;|'! ()[]").find(c) != std::string::npos ? 0.4
                     : std::string("mwMW@%").find(c) != std::string::npos            ? 0.95
                                                                                     : 0.62;
    return kTextHeight * width;
}

std::string shortened(const std::string &text, double width) {
    if (text_width(text) <= width)
        return text;
    std::string kept = text;
    do {
        while (!kept.empty() && continues(kept.back()))
            kept.pop_back();
        if (kept.empty())
            break;
        kept.pop_back();
    } while (text_width(kept + "…") > width);
    return kept + "…";
}

std::string series_class(size_t series) {
    return "s" + std::to_string(series % kSeries);
}

Svg::Svg(int width, const std::string &id, const std::string &title, const std::string &description)
    : width_(width), id_(id), title_(title), description_(description) {}

void Svg::text(double x, double y, const std::string &text, const std::string &css, Anchor anchor,
               double degrees) {
    body_ += "<text" + place("x", x) + place("y", y) + attribute("class", css);
    if (anchor != Anchor::kStart)
        body_ += attribute("text-anchor", anchor == Anchor::kEnd ? "end" : "middle");
    if (degrees != 0)
        body_ +=
            attribute("transform", "rotate(" + unit(degrees) + " " + unit(x) + " " + unit(y) + ")");
    body_ += ">" + html_escaped(text) + "</text>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, const std::string &css) {
    body_ += "<line" + place("x1", x1) + place("y1", y1) + place("x2", x2) + place("y2", y2) +
             attribute("class", css) + "/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, const std::string &css) {
    body_ += "<rect" + place("x", x) + place("y", y) + place("width", width) +
             place("height", height) + attribute("class", css) + "/>\n";
}

void Svg::polyline(const std::vector<std::pair<double, double>> &points, const std::string &css) {
    if (points.size() < 2)
        return;
    std::string all;
    for (const auto &[x, y] : points)
        all += (all.empty() ? "" : " ") + unit(x) + "," + unit(y);
    body_ += "<polyline" + attribute("points", all) + attribute("class", css) + "/>\n";
}

void Svg::marker(double x, double y, size_t series, double radius) {
    // After all colours are used, the same colours come with other shapes.
    const auto &shape = shapes()[(series + series / kSeries) % shapes().size()];
    if (shape.empty()) {
        body_ += "<circle" + place("cx", x) + place("cy", y) + place("r", radius) + "/>\n";
        return;
    }
    std::string path;
    for (const auto &[dx, dy] : shape)
        path += (path.empty() ? "M" : "L") + unit(x + radius * dx) + "," + unit(y + radius * dy);
    body_ += "<path d=\"" + path + "Z\"/>\n";
}

void Svg::begin_mark(const std::string &tooltip, const std::string &css) {
    body_ += "<g class=\"" + css + "\"><title>" + html_escaped(tooltip) + "</title>\n";
}

void Svg::end_mark() {
    body_ += "</g>\n";
}

std::string Svg::finish(double height, const std::string &css) const {
    const std::string size = std::to_string(width_) + " " + unit(std::ceil(height));
    const std::string id = html_escaped(id_);
    return "<svg class=\"" + css + "\" viewBox=\"0 0 " + size +
           "\" role=\"img\" aria-labelledby=\"" + id + "-t " + id + "-d\">\n<title id=\"" + id +
           "-t\">" + html_escaped(title_) + "</title>\n<desc id=\"" + id + "-d\">" +
           html_escaped(description_) + "</desc>\n" + body_ + "</svg>\n";
}

double draw_legend(Svg *svg, double y, double width, const std::vector<LegendEntry> &entries) {
    constexpr double kRow = 20, kGap = 18;
    const auto sign_of = [](const LegendEntry &entry) { return entry.line ? 28.0 : 16.0; };
    double all = 0;
    for (const LegendEntry &entry : entries)
        all += sign_of(entry) + text_width(entry.name) + kGap;
    double x = 0;
    const double top = y;
    bool lines = false;
    for (const LegendEntry &entry : entries) {
        const double sign = sign_of(entry);
        const std::string name = shortened(entry.name, width - sign - 2);
        const double needed = sign + text_width(name);
        // Lines begin a row of their own where marks and lines do not fit in one.
        if (x > 0 && (x + needed > width || (entry.line != lines && all > width))) {
            x = 0;
            y += kRow;
        }
        lines = entry.line;
        if (entry.line)
            svg->line(x, y + 8, x + 22, y + 8, entry.css);
        else {
            svg->begin_mark(entry.name, "mark " + entry.css);
            svg->marker(x + 6, y + 8, entry.series, 4.5);
            svg->end_mark();
        }
        svg->text(x + sign, y + 12, name, "legend");
        x += needed + kGap;
    }
    return entries.empty() ? 0 : y + kRow - top;
}

} // namespace involute::report
