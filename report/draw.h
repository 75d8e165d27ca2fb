// The plots one by one, behind plot_svg.
#pragma once

#include <string>

#include "report/plot.h"
#include "report/svg.h"

namespace involute::report {

constexpr int kNarrow = 520; // pictures below this width are for phones

std::string bars_svg(const BarChart &chart, int width, const std::string &id);
std::string scatter_svg(const ScatterPlot &plot, int width, const std::string &id);
std::string roofline_svg(const RooflinePlot &plot, int width, const std::string &id);

std::string roof_text(const Roof &roof); // "DRAM: 12.1 GB/s, 97.3 GFLOP/s"

} // namespace involute::report
