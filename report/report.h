// A report: what was measured, as one page. `html` writes it as a single file with everything
// inside (it asks for nothing, opens from a disk and works by keyboard, on phones and on paper),
// `markdown` as text and tables for GitHub.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "report/plot.h"
#include "report/table.h"

namespace involute::report {

// How the numbers came about: the CPU, versions, the commit, the command.
struct Fact {
    std::string key, value;
    bool code = false; // in a fixed-width font
};

struct Paragraph {
    std::string text;
};

struct Section {
    std::string heading;
    std::vector<std::variant<Paragraph, Table, Plot>> content = {};
};

// A text for the two panes at the end of the page. Those of one entry are chosen by their kind;
// "assembly", "loop nest" and "schedule" are highlighted, other kinds are plain. Rows of tables
// open an entry by its name.
struct Code {
    std::string entry; // "aggregation 64@56x56 avx2 adams2019"
    std::string kind;
    std::string text;
};

struct Page {
    std::string title;             // the kind of report and its subject
    std::string headline;          // the result, as one sentence
    std::optional<Plot> plot = {}; // on the first screen
    std::vector<Fact> facts = {};
    std::vector<Section> sections = {};
    std::vector<Code> code = {};
};

std::string html(const Page &page);
// Without code; the values of plots as tables.
std::string markdown(const Page &page);

} // namespace involute::report
