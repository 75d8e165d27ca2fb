// The pages of `involute compare`: rows of contests (contest.h) as tables, plots and code.
#pragma once

#include <string>
#include <vector>

#include "network.h"
#include "report/report.h"

namespace involute {

struct Bandwidth { // GB/s of a copy on one core, reads and writes counted
    double memory = 0, cache = 0;
};

struct PageFacts {
    std::string command;
    Bandwidth bandwidth;
};

// Schedules side by side, on every operator or network.
report::Page schedules_page(const std::vector<Json> &rows, const PageFacts &facts);
// Competitors of one group beside each other: operators, variants of a network.
report::Page operators_page(const std::vector<Json> &rows, const PageFacts &facts);
report::Page ablation_page(const std::vector<Json> &rows, const PageFacts &facts);
report::Page networks_page(const std::vector<Json> &rows, const PageFacts &facts);
report::Page layers_page(const std::vector<Json> &rows, const PageFacts &facts);

// Tables for the terminal.
std::string printed_rows(const std::vector<Json> &rows);

} // namespace involute
