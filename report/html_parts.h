// The pieces that `html` puts together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/plot.h"
#include "report/report.h"
#include "report/table.h"

namespace involute::report {

// Number of an entry of code by its name.
using Entries = std::map<std::string, size_t>;
Entries entries_of(const std::vector<Code> &code);

// A command or an identifier; lists in it may break after their commas.
std::string code_text_html(const std::string &text);
std::string table_html(const Table &table, const Entries &entries);
// The picture in all widths, and its values folded away; `id` is unique in the page.
std::string plot_html(const Plot &plot, const std::string &id);
std::string code_html(const std::vector<Code> &code, const Entries &entries); // the two panes

} // namespace involute::report
