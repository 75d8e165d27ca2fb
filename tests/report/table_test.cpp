// Tables in HTML: what is sorted by, what is marked, what opens code.
#include <limits>

#include <gtest/gtest.h>

#include "report/html_parts.h"
#include "tests/report/texts.h"

namespace {

using namespace involute::report;
using involute::report::test::all_matches;
using involute::report::test::count;
using Strings = std::vector<std::string>;

Table speeds() {
    Table table;
    table.caption = "Speeds";
    table.columns = {text_column("layer"), text_column("schedule"),
                     number_column("median", "ms", significant(3), Best::kLowest),
                     number_column("speed", "GFLOP/s", decimals(1), Best::kHighest)};
    table.rows = {{{"a", "hand", 1.5, 1e6}},
                  {{"a", "adams2019", 0.25, Cell()}},
                  {{"b", "hand", 7, -std::numeric_limits<double>::infinity()}},
                  {{"b", "adams2019"}, Status::kFailed, "<no> bounds"},
                  {{"b", "li2018", 9, 0.05}}};
    return table;
}

std::string row_of(const std::string &html, size_t number) {
    const Strings rows = all_matches(html, "(<tr[^]*?</tr>)");
    return number < rows.size() ? rows[number] : "";
}

TEST(Table, HeadsSortByButton) {
    const std::string head = row_of(table_html(speeds(), {}), 0);
    EXPECT_EQ(count(head, "aria-sort=\"none\""), 4u);
    EXPECT_EQ(count(head, "<button type=\"button\">"), 4u);
    EXPECT_EQ(all_matches(head, "data-sort=\"(\\w+)\""),
              (Strings{"text", "text", "number", "number"}));
    // The best is on top after the first click.
    EXPECT_EQ(all_matches(head, "data-first=\"(\\w+)\""), Strings{"descending"});
    EXPECT_EQ(all_matches(head, "class=\"unit\">([^<]*)<"), (Strings{"ms", "GFLOP/s"}));
}

TEST(Table, SortKeysAreFullNumbersOrNothing) {
    const std::string html = table_html(speeds(), {});
    EXPECT_EQ(all_matches(html, "data-v=\"([^\"]*)\""),
              (Strings{"1.5", "1000000", "0.25", "", "7", "-Infinity", "", "", "9",
                       "0.050000000000000003"}));
    EXPECT_EQ(count(html, ">–</td>"), 3u);
    EXPECT_NE(html.find(">1,000,000.0<"), std::string::npos);
}

TEST(Table, BestOfAllRows) {
    Table table = speeds();
    const std::string html = table_html(table, {});
    EXPECT_EQ(all_matches(html, "<strong>([^<]*)<"), (Strings{"1,000,000.0", "0.250"}));
    table.rows[0].cells[2] = 0.25; // ties are marked together
    EXPECT_EQ(count(table_html(table, {}), "<strong>0.250<"), 2u);
}

TEST(Table, BestWithinGroupsAndNotOfFailedRows) {
    Table table = speeds();
    table.best_within = {0};
    table.rows[3].cells = {"b", "adams2019", 0.001, 1e9}; // failed: wrong results, say
    const std::vector<std::vector<bool>> best = best_cells(table);
    const std::vector<std::vector<bool>> expected = {{false, false, false, false},
                                                     {false, false, true, false},
                                                     {false, false, true, false},
                                                     {false, false, false, false},
                                                     {false, false, false, true}};
    EXPECT_EQ(best, expected); // the only speed of group a is not marked
}

TEST(Table, StatusWithItsReason) {
    Table table = speeds();
    table.rows[0].status = Status::kSkipped;
    const std::string html = table_html(table, {});
    EXPECT_NE(row_of(html, 4).find("<tr class=\"failed\">"), std::string::npos);
    EXPECT_NE(row_of(html, 4).find("failed: &lt;no&gt; bounds"), std::string::npos);
    EXPECT_NE(row_of(html, 1).find(">skipped</span>"), std::string::npos);
    EXPECT_EQ(count(html, "class=\"reason\""), 2u);
}

TEST(Table, RowsOpenTheirEntry) {
    Table table = speeds();
    EXPECT_EQ(count(table_html(table, {{"x", 0}}), "class=\"open\""), 0u);
    table.rows[1].open = "say \"x\"";
    table.rows[2].open = "not there";
    const std::string html = table_html(table, {{"other", 0}, {"say \"x\"", 1}});
    EXPECT_EQ(all_matches(html, "data-entry=\"(\\d+)\""), (Strings{"1", "1"}));
    EXPECT_EQ(all_matches(html, "data-pane=\"(\\w)\""), (Strings{"a", "b"}));
    EXPECT_EQ(all_matches(html, "href=\"([^\"]*)\""), (Strings{"#pane-a", "#pane-b"}));
    EXPECT_NE(html.find("aria-label=\"Show say &quot;x&quot; in pane A\""), std::string::npos);
    EXPECT_NE(row_of(html, 2).find("data-entry"), std::string::npos);
    // Every row has the cell.
    EXPECT_EQ(count(html, "<td class=\"open\">"), table.rows.size());
}

TEST(Table, CellsAreEscaped) {
    Table table;
    table.caption = "<i>\"c\"";
    table.columns = {text_column("<b>"), code_column("run & stop")};
    table.columns[0].explanation = "\"quoted\"";
    table.rows = {{{"<script>", "a --tile_x=4 <b>,c \xff"}}};
    const std::string html = table_html(table, {});
    for (const char *raw : {"<i>", "<b>", "<script>", "\"\"quoted", "\xff"})
        EXPECT_EQ(html.find(raw), std::string::npos) << raw;
    EXPECT_NE(html.find("<code>a <span class=\"option\">--tile_x</span>=4 &lt;b&gt;,<wbr>c"),
              std::string::npos)
        << html;
}

TEST(Table, WithoutRowsOrColumns) {
    Table table = speeds();
    table.filter = true;
    table.rows.clear();
    table.empty = "Nothing & no one.";
    for (int i = 0; i < 2; ++i) {
        const std::string html = table_html(table, {});
        EXPECT_EQ(html.find("<table"), std::string::npos);
        EXPECT_EQ(html.find("<input"), std::string::npos);
        EXPECT_NE(html.find("Nothing &amp; no one."), std::string::npos);
        table.columns.clear();
    }
}

TEST(Table, FilterWhenAsked) {
    Table table = speeds();
    EXPECT_EQ(count(table_html(table, {}), "<input"), 0u);
    table.filter = true;
    const std::string html = table_html(table, {});
    EXPECT_EQ(count(html, "<label>Filter <input type=\"search\""), 1u);
    EXPECT_NE(html.find("<output>5 rows</output>"), std::string::npos);
}

TEST(Table, ScrollsInsideOfItself) {
    Table table = speeds();
    const std::string html = table_html(table, {});
    EXPECT_NE(
        html.find("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Speeds\">"),
        std::string::npos);
    table.rows.resize(40, {{"c", "hand", 1, 1}});
    EXPECT_NE(table_html(table, {}).find("<div class=\"scroll long\""), std::string::npos);
}

} // namespace
