// The elements that plots are drawn of. Colours and fonts are the page's: elements carry classes
// (s0 to s7 for series, which differ by the shape of their marks as well).
#pragma once

#include <string>
#include <vector>

namespace involute::report {

constexpr double kTextHeight = 12; // units; the page never shows a plot much smaller than 1:1

double text_width(const std::string &text); // estimated, on the wide side
// Cut to a width with an ellipsis.
std::string shortened(const std::string &text, double width);

enum class Anchor { kStart, kMiddle, kEnd };

std::string series_class(size_t series);

class Svg {
public:
    // The picture as a whole is an image with a title and a description.
    Svg(int width, const std::string &id, const std::string &title, const std::string &description);

    void text(double x, double y, const std::string &text, const std::string &css = "",
              Anchor anchor = Anchor::kStart, double degrees = 0);
    void line(double x1, double y1, double x2, double y2, const std::string &css);
    void rectangle(double x, double y, double width, double height, const std::string &css);
    void polyline(const std::vector<std::pair<double, double>> &points, const std::string &css);
    void marker(double x, double y, size_t series, double radius);
    // What is drawn between the two has one tooltip.
    void begin_mark(const std::string &tooltip, const std::string &css);
    void end_mark();

    std::string finish(double height, const std::string &css) const;

private:
    int width_;
    std::string id_, title_, description_, body_;
};

// What a legend says of a series: its mark, or the dashes of its line.
struct LegendEntry {
    std::string name;
    std::string css;
    size_t series = 0;
    bool line = false;
};
// Draws from (0, y) downwards; returns its height.
double draw_legend(Svg *svg, double y, double width, const std::vector<LegendEntry> &entries);

} // namespace involute::report
