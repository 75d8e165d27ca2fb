// Parts of the pages of `involute compare` that several of them have.
#pragma once

#include "compare_page.h"

namespace involute {

bool is_measured(const Json &row);
double ms_of(const Json &row);
std::string place_of(const Json &row); // "aggregation 64@56x56 k7 avx2 x2"
std::string threads_text(int threads); // "1 thread"
// Appends what is not there yet.
void add_once(const std::string &name, std::vector<std::string> *names);
void mark_failure(const Json &row, report::Row *line);
report::Cell number_cell(const Json &row, const char *field, double factor = 1); // or missing

std::vector<report::Fact> facts_of(const std::vector<Json> &rows, const PageFacts &facts);
// Every row, the failed ones with their reason; each opens its code.
report::Table rows_table(const std::vector<Json> &rows);
report::Table costs_table(const std::vector<Json> &rows);
report::Table failures_table(const std::vector<Json> &rows);
// The peak of the last level that was measured and the bandwidth of memory and cache, with a point
// a row.
report::RooflinePlot roofline(const std::vector<Json> &rows, const PageFacts &facts);
std::vector<report::Code> code_of(const std::vector<Json> &rows);

} // namespace involute
