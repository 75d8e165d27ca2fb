// Tables in HTML. What the script sorts by stands in data-v: the number in full, or nothing for a
// value that is missing; texts are sorted by what they say.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "report/escape.h"
#include "report/html_parts.h"

namespace involute::report {

namespace {

constexpr size_t kLong = 30; // from here on a table scrolls under its head
constexpr size_t kWide = 40; // longer texts may break into lines

bool numeric(const Column &column) {
    return column.type == CellType::kNumber || column.type == CellType::kPercent;
}

std::string sort_key(double value) {
    if (std::isnan(value))
        return "";
    if (std::isinf(value))
        return value > 0 ? "Infinity" : "-Infinity";
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
}

std::string head_cell(const Column &column) {
    std::string text = "<th scope=\"col\" aria-sort=\"none\" data-sort=\"";
    text += numeric(column) ? "number" : "text";
    text += column.best == Best::kHighest ? "\" data-first=\"descending\"" : "\"";
    text += numeric(column) ? " class=\"number\"" : "";
    if (!column.explanation.empty())
        text += " title=\"" + html_escaped(column.explanation) + "\"";
    text += "><button type=\"button\">" + html_escaped(column.title);
    if (!column.unit.empty())
        text += " <span class=\"unit\">" + html_escaped(column.unit) + "</span>";
    return text + "</button></th>";
}

std::string reason_html(const Row &row) {
    if (row.status == Status::kOk)
        return "";
    const bool failed = row.status == Status::kFailed;
    return std::string("<span class=\"reason\">") + (failed ? "failed" : "skipped") +
           (row.reason.empty() ? "" : ": " + html_escaped(row.reason)) + "</span>";
}

std::string cell_html(const Column &column, const Cell &cell, bool best) {
    const std::string text = html_escaped(cell_text(column, cell));
    if (column.type == CellType::kCode && !cell.missing() && !text.empty())
        return code_text_html(cell_text(column, cell));
    if (best)
        return "<strong>" + text + "</strong>";
    return text;
}

std::string pane_link(size_t entry, const std::string &name, const char *pane, const char *sign) {
    return std::string("<a href=\"#pane-") + pane + "\" data-pane=\"" + pane + "\" data-entry=\"" +
           std::to_string(entry) + "\" aria-label=\"Show " + html_escaped(name) + " in pane " +
           sign + "\">" + sign + "</a>";
}

std::string row_html(const Table &table, const Row &row, const std::vector<bool> &best,
                     const Entries &entries, bool opens) {
    std::string css = row.status == Status::kFailed    ? "failed"
                      : row.status == Status::kSkipped ? "skipped"
                                                       : "";
    if (row.highlighted)
        css += css.empty() ? "highlighted" : " highlighted";
    std::string text = css.empty() ? "<tr>" : "<tr class=\"" + css + "\">";
    for (size_t i = 0; i < table.columns.size(); ++i) {
        const Column &column = table.columns[i];
        const Cell cell = i < row.cells.size() ? row.cells[i] : Cell();
        std::string kind = numeric(column) ? "number" : "";
        if (i > 0 && cell.text().size() > kWide)
            kind = column.type == CellType::kCode ? "command" : "wide";
        if (best[i])
            kind += kind.empty() ? "best" : " best";
        text += i == 0 ? "<th scope=\"row\"" : "<td";
        text += kind.empty() ? "" : " class=\"" + kind + "\"";
        if (kind == "command") // cut off on the page until it is pointed at
            text += " tabindex=\"0\" title=\"" + html_escaped(cell.text()) + "\"";
        if (numeric(column))
            text += " data-v=\"" + sort_key(cell.number()) + "\"";
        else if (cell.missing())
            text += " data-v=\"\"";
        text += ">" + cell_html(column, cell, best[i]) + (i == 0 ? reason_html(row) : "") +
                (i == 0 ? "</th>" : "</td>");
        if (i == 0 && opens) {
            const auto entry = entries.find(row.open);
            text += "<td class=\"open\">";
            if (entry != entries.end())
                text += pane_link(entry->second, row.open, "a", "A") +
                        pane_link(entry->second, row.open, "b", "B");
            text += "</td>";
        }
    }
    return text + "</tr>\n";
}

} // namespace

std::string code_text_html(const std::string &text) {
    std::string broken;
    bool option = false; // "--name" stays in one line; browsers break after hyphens
    const std::string escaped = html_escaped(text) + " ";
    for (size_t i = 0; i + 1 < escaped.size(); ++i) {
        const char c = escaped[i];
        if (!option && c == '-' && (i == 0 || escaped[i - 1] == ' ')) {
            broken += "<span class=\"option\">";
            option = true;
        }
        broken += c;
        if (option && (escaped[i + 1] == ' ' || escaped[i + 1] == '=')) {
            broken += "</span>";
            option = false;
        } else if (c == ',') {
            broken += "<wbr>";
        }
    }
    return "<code>" + broken + "</code>";
}

std::string table_html(const Table &table, const Entries &entries) {
    const std::string caption = html_escaped(table.caption);
    std::string text = "<figure class=\"table\">\n";
    if (!caption.empty())
        text += "<figcaption>" + caption + "</figcaption>\n";
    if (table.rows.empty() || table.columns.empty())
        return text + "<p class=\"empty\">" + html_escaped(table.empty) + "</p>\n</figure>\n";
    if (table.filter) {
        const std::string count = std::to_string(table.rows.size());
        text += "<div class=\"filter\"><label>Filter <input type=\"search\" autocomplete=\"off\" "
                "spellcheck=\"false\"></label> <output>" +
                count + (table.rows.size() == 1 ? " row" : " rows") + "</output></div>\n";
    }
    const bool opens = std::any_of(table.rows.begin(), table.rows.end(),
                                   [&](const Row &row) { return entries.count(row.open) > 0; });
    text += std::string("<div class=\"scroll") + (table.rows.size() > kLong ? " long" : "") +
            "\" tabindex=\"0\" role=\"region\" aria-label=\"" +
            (caption.empty() ? "Table" : caption) + "\"><table>\n<thead><tr>";
    for (size_t i = 0; i < table.columns.size(); ++i) {
        text += head_cell(table.columns[i]);
        if (i == 0 && opens)
            text += "<th scope=\"col\" class=\"open\">code</th>";
    }
    text += "</tr></thead>\n<tbody>\n";
    const std::vector<std::vector<bool>> best = best_cells(table);
    for (size_t i = 0; i < table.rows.size(); ++i)
        text += row_html(table, table.rows[i], best[i], entries, opens);
    return text + "</tbody>\n</table></div>\n</figure>\n";
}

} // namespace involute::report
