// The whole page, as HTML and as Markdown.
#include <chrono>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/report.h"
#include "tests/report/texts.h"

namespace {

using namespace involute::report;
using involute::report::test::all_matches;
using involute::report::test::count;
using Strings = std::vector<std::string>;

Page page() {
    Page page;
    page.title = "compare <a> & \"b\"";
    page.headline = "It's 2 < 3 times as fast.";
    BarChart chart;
    chart.title = "First plot";
    chart.categories = {"layer | one"};
    chart.series = {{"hand", {1.5}}};
    page.plot = chart;
    page.facts = {{"CPU", "x & y"}, {"command", "involute compare --op a|b", true}};
    Table table;
    table.caption = "Numbers";
    table.columns = {text_column("case"), number_column("time", "ms", decimals(2), Best::kLowest),
                     percent_column("share"), code_column("command")};
    table.rows = {{{"a|b", 1.25, 0.5, "run `x`|y"}},
                  {{"line\nbreak", 2.5}, Status::kFailed, "no | bounds"}};
    table.rows[0].open = "entry <1>";
    page.sections = {{"Results & more", {Paragraph{"Text with <b>."}, table, Plot(chart)}},
                     {"Empty", {Table{"Nothing", {text_column("x")}}}}};
    page.code = {{"entry <1>", "assembly", "movq </script><!-- \xff"},
                 {"entry <1>", "schedule", "split"},
                 {"entry 2", "schedule", "tile"}};
    return page;
}

TEST(Html, HoldsEveryPart) {
    const std::string text = html(page());
    EXPECT_EQ(text.rfind("<!DOCTYPE html>", 0), 0u);
    EXPECT_EQ(count(text, "<h1>It&#39;s 2 &lt; 3 times as fast.</h1>"), 1u);
    EXPECT_EQ(count(text, "<title>compare &lt;a&gt; &amp; &quot;b&quot;</title>"), 1u);
    EXPECT_EQ(all_matches(text, "<h2>([^<]*)<"), (Strings{"Results &amp; more", "Empty", "Code"}));
    EXPECT_EQ(count(text, "<svg "), 6u); // two plots in three widths
    EXPECT_EQ(count(text, "<dt>"), 2u);
    EXPECT_EQ(count(text, "<p>Text with &lt;b&gt;.</p>"), 1u);
    EXPECT_LT(text.find("First plot"), text.find("<dl"));
    EXPECT_LT(text.find("<dl"), text.find("Results"));
    for (const std::string &section : all_matches(text, "<a href=\"#(section-\\d|code)\""))
        EXPECT_EQ(count(text, "<section id=\"" + section + "\">"), 1u);
}

TEST(Html, LongCommandsAreOneLineUntilPointedAt) {
    Page page;
    const std::string command = "involute bench --op a --channels 64 --kernel 7 --schedule \"b\"";
    Table table;
    table.columns = {text_column("case"), code_column("command")};
    table.rows = {{{"one", command}}, {{"two", "short"}}};
    page.sections = {{"Results", {table}}};
    const std::string text = html(page);
    EXPECT_EQ(count(text, "<td class=\"command\" tabindex=\"0\" title=\"involute bench --op a "
                          "--channels 64 --kernel 7 --schedule &quot;b&quot;\">"),
              1u);
    EXPECT_EQ(count(text, "<td class=\"command\""), 1u);
}

TEST(Html, IdsAreUnique) {
    const std::string text = html(page());
    const Strings ids = all_matches(text, " id=\"([^\"]*)\"");
    EXPECT_GT(ids.size(), 10u);
    for (const std::string &id : ids)
        EXPECT_EQ(count(text, " id=\"" + id + "\""), 1u) << id;
}

TEST(Html, TagsAreClosed) {
    const std::string text = html(page());
    // Without those that the script writes.
    const std::string script = "<script>";
    const std::string body =
        text.substr(0, text.rfind(script) + script.size()) + text.substr(text.rfind("</script>"));
    for (const char *tag :
         {"html",  "head",    "body", "main",   "section", "div",   "figure", "table",  "thead",
          "tbody", "tr",      "td",   "th",     "button",  "svg",   "g",      "text",   "title",
          "desc",  "details", "dl",   "select", "pre",     "code",  "span",   "script", "style",
          "p",     "a",       "ul",   "li",     "nav",     "strong"}) {
        const size_t opened = all_matches(body, std::string("(<") + tag + "[ >])").size();
        EXPECT_EQ(opened, count(body, std::string("</") + tag + ">")) << tag;
    }
}

TEST(Html, AsksForNothing) {
    const std::string text = html(page());
    for (const char *reference : {"http:", "https:", "src=", "@import", "url(", "fetch(",
                                  "XMLHttpRequest", "<img", "<iframe"})
        EXPECT_EQ(text.find(reference), std::string::npos) << reference;
    EXPECT_NE(text.find("default-src 'none'"), std::string::npos);
    for (const std::string &reference : all_matches(text, "href=\"([^\"]*)\""))
        EXPECT_TRUE(reference[0] == '#' || reference == "data:,") << reference;
}

TEST(Html, CodeIsInThePageOnceAsJson) {
    const std::string text = html(page());
    const Strings blocks =
        all_matches(text, "<script type=\"application/json\" id=\"texts\">([^<]*)</script>");
    ASSERT_EQ(blocks.size(), 1u);
    const nlohmann::json code = nlohmann::json::parse(blocks[0]);
    EXPECT_EQ(code["kinds"], nlohmann::json({"assembly", "schedule"}));
    EXPECT_EQ(code["entries"], nlohmann::json({"entry <1>", "entry 2"}));
    ASSERT_EQ(code["texts"].size(), 2u);
    EXPECT_EQ(code["texts"][0], nlohmann::json({0, "movq </script><!-- \xef\xbf\xbd", 1, "split"}));
    EXPECT_EQ(code["texts"][1], nlohmann::json({1, "tile"}));
    EXPECT_EQ(all_matches(text, "data-entry=\"(\\d)\""), (Strings{"0", "0"}));
    EXPECT_EQ(count(text, "class=\"pane\""), 2u);
}

TEST(Html, WithoutCodeThereAreNoPanes) {
    Page bare = page();
    bare.code.clear();
    const std::string text = html(bare);
    EXPECT_EQ(text.find("id=\"pane-a\""), std::string::npos);
    EXPECT_EQ(text.find("application/json"), std::string::npos);
    EXPECT_EQ(text.find("class=\"open\""), std::string::npos);
}

TEST(Html, AnEmptyPageIsAPage) {
    const std::string text = html(Page());
    EXPECT_NE(text.find("</html>"), std::string::npos);
    EXPECT_EQ(text.find("<svg "), std::string::npos);
    EXPECT_EQ(text.find("<nav"), std::string::npos);
    EXPECT_EQ(text.find("<dl"), std::string::npos);
}

TEST(Html, TwoThousandRowsTakeNoTime) {
    Page large = page();
    Table table;
    table.columns = {text_column("name")};
    for (int i = 0; i < 11; ++i)
        table.columns.push_back(number_column("n" + std::to_string(i), "ms", {}, Best::kLowest));
    for (int i = 0; i < 2000; ++i) {
        Row row{{"row " + std::to_string(i)}};
        for (int j = 0; j < 11; ++j)
            row.cells.push_back(i * 1.5 + j);
        row.open = "entry " + std::to_string(i % 300);
        table.rows.push_back(row);
    }
    table.best_within = {0};
    large.sections.push_back({"Large", {table}});
    for (int i = 0; i < 300; ++i)
        large.code.push_back({"entry " + std::to_string(i), "assembly", std::string(10000, 'a')});
    const auto start = std::chrono::steady_clock::now();
    const std::string text = html(large);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    EXPECT_LT(taken.count(), 1);
    EXPECT_GT(count(text, "<tr>"), 2000u);
    EXPECT_GT(text.size(), 3000000u);
}

TEST(Markdown, HoldsTextAndTables) {
    const std::string text = markdown(page());
    EXPECT_EQ(text.rfind("# compare \\<a\\> \\& \"b\"\n", 0), 0u) << text;
    EXPECT_NE(text.find("**It's 2 \\< 3 times as fast.**"), std::string::npos);
    EXPECT_NE(text.find("| command | `involute compare --op a\\|b` |"), std::string::npos);
    EXPECT_NE(text.find("## Results \\& more\n\nText with \\<b\\>.\n"), std::string::npos);
    EXPECT_NE(text.find("| case | time (ms) | share | command | status |\n"
                        "| --- | ---: | ---: | --- | --- |\n"),
              std::string::npos);
    EXPECT_NE(text.find("| a\\|b | 1.25 | 50.0% | ``run `x`\\|y`` |  |\n"), std::string::npos);
    EXPECT_NE(text.find("| line break | 2.50 | – | – | failed: no \\| bounds |\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("No rows."), std::string::npos);
    EXPECT_EQ(count(text, "<details><summary>First plot: values</summary>"), 2u);
    EXPECT_NE(text.find("| layer \\| one | 1.500 |"), std::string::npos);
    EXPECT_EQ(text.find("movq"), std::string::npos); // no code
    EXPECT_EQ(text.find("<svg"), std::string::npos);
}

TEST(Markdown, TheBestIsBold) {
    Page bold = page();
    auto &table = std::get<Table>(bold.sections[0].content[1]);
    table.rows[1].status = Status::kOk;
    EXPECT_NE(markdown(bold).find("| **1.25** |"), std::string::npos);
    EXPECT_EQ(markdown(bold).find("| **2.50** |"), std::string::npos);
}

TEST(Markdown, RowsHaveAsManyCellsAsTheirHead) {
    // The | of a cell are escaped; those that are not bound cells.
    size_t head = 0, tables = 0;
    std::istringstream lines(markdown(page()));
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("|", 0) != 0) {
            head = 0;
            continue;
        }
        const size_t bars = count(line, "|") - count(line, "\\|");
        tables += head == 0;
        head = head == 0 ? bars : head;
        EXPECT_EQ(bars, head) << line;
    }
    EXPECT_EQ(tables, 4u);
}

} // namespace
