// The page for GitHub: text and tables. The values of plots are folded away.
#include <algorithm>

#include "report/escape.h"
#include "report/report.h"

namespace involute::report {

namespace {

std::string line(const std::vector<std::string> &cells) {
    std::string text = "|";
    for (const std::string &cell : cells)
        text += " " + cell + " |";
    return text + "\n";
}

std::string cell_markdown(const Column &column, const Cell &cell, bool best) {
    const std::string said = cell_text(column, cell);
    const std::string text = column.type == CellType::kCode && !cell.missing()
                                 ? markdown_code(said)
                                 : markdown_escaped(said);
    return best && !text.empty() ? "**" + text + "**" : text;
}

std::string status_markdown(const Row &row) {
    if (row.status == Status::kOk)
        return "";
    return std::string(row.status == Status::kFailed ? "failed" : "skipped") +
           (row.reason.empty() ? "" : ": " + markdown_escaped(row.reason));
}

std::string table_markdown(const Table &table) {
    if (table.columns.empty() || table.rows.empty())
        return markdown_escaped(table.empty) + "\n";
    const bool statuses = std::any_of(table.rows.begin(), table.rows.end(),
                                      [](const Row &row) { return row.status != Status::kOk; });
    std::vector<std::string> titles, rules;
    for (const Column &column : table.columns) {
        titles.push_back(markdown_escaped(column.title) +
                         (column.unit.empty() ? "" : " (" + markdown_escaped(column.unit) + ")"));
        const bool right = column.type == CellType::kNumber || column.type == CellType::kPercent;
        rules.push_back(right ? "---:" : "---");
    }
    if (statuses) {
        titles.push_back("status");
        rules.push_back("---");
    }
    std::string text = line(titles) + line(rules);
    const std::vector<std::vector<bool>> best = best_cells(table);
    for (size_t i = 0; i < table.rows.size(); ++i) {
        const Row &row = table.rows[i];
        std::vector<std::string> cells;
        for (size_t j = 0; j < table.columns.size(); ++j)
            cells.push_back(cell_markdown(
                table.columns[j], j < row.cells.size() ? row.cells[j] : Cell(), best[i][j]));
        if (statuses)
            cells.push_back(status_markdown(row));
        text += line(cells);
    }
    return text;
}

std::string part_markdown(const Paragraph &paragraph) {
    return markdown_escaped(paragraph.text) + "\n\n";
}

std::string part_markdown(const Table &table) {
    return (table.caption.empty() ? "" : "**" + markdown_escaped(table.caption) + "**\n\n") +
           table_markdown(table) + "\n";
}

std::string part_markdown(const Plot &plot) {
    return "<details><summary>" + html_escaped(plot_title(plot)) + ": values</summary>\n\n" +
           table_markdown(plot_table(plot)) + "\n</details>\n\n";
}

} // namespace

std::string markdown(const Page &page) {
    std::string text = "# " + markdown_escaped(page.title) + "\n\n";
    if (!page.headline.empty())
        text += "**" + markdown_escaped(page.headline) + "**\n\n";
    if (page.plot)
        text += part_markdown(*page.plot);
    if (!page.facts.empty()) {
        text += line({"", ""}) + line({"---", "---"});
        for (const Fact &fact : page.facts)
            text += line({markdown_escaped(fact.key),
                          fact.code ? markdown_code(fact.value) : markdown_escaped(fact.value)});
        text += "\n";
    }
    for (const Section &section : page.sections) {
        text += "## " + markdown_escaped(section.heading) + "\n\n";
        for (const auto &part : section.content)
            text += std::visit([](const auto &one) { return part_markdown(one); }, part);
    }
    return text;
}

} // namespace involute::report
