// The page as one file. Its policy forbids any request, so that a mistake shows at once.
#include <algorithm>

#include "report/escape.h"
#include "report/html_parts.h"
#include "report/report.h"

namespace involute::report {

namespace {

const char *const kStyle =
#include "page_css.inc"
    ;
const char *const kScript =
#include "page_js.inc"
    ;

const char *const kPolicy = "default-src 'none'; style-src 'unsafe-inline'; "
                            "script-src 'unsafe-inline'; img-src data:";

std::string facts_html(const std::vector<Fact> &facts) {
    if (facts.empty())
        return "";
    std::string text = "<dl class=\"facts\">\n";
    for (const Fact &fact : facts) {
        text += "<div><dt>" + html_escaped(fact.key) + "</dt><dd>" +
                (fact.code ? code_text_html(fact.value) : html_escaped(fact.value)) +
                "</dd></div>\n";
    }
    return text + "</dl>\n";
}

// Counts plots, for ids.
class Sections {
public:
    explicit Sections(const Entries &entries) : entries_(entries) {}

    std::string html(const Section &section, size_t number) {
        std::string text = "<section id=\"section-" + std::to_string(number) + "\">\n<h2>" +
                           html_escaped(section.heading) + "</h2>\n";
        for (const auto &part : section.content)
            text += std::visit([&](const auto &one) { return part_html(one); }, part);
        return text + "</section>\n";
    }

private:
    std::string part_html(const Paragraph &paragraph) {
        return "<p>" + html_escaped(paragraph.text) + "</p>\n";
    }
    std::string part_html(const Table &table) {
        return table_html(table, entries_);
    }
    std::string part_html(const Plot &plot) {
        return plot_html(plot, "plot-" + std::to_string(++plots_));
    }

    const Entries &entries_;
    int plots_ = 0;
};

std::string contents_html(const Page &page) {
    if (page.sections.size() + !page.code.empty() < 2)
        return "";
    std::string text = "<nav aria-label=\"Sections\"><ul>\n";
    for (size_t i = 0; i < page.sections.size(); ++i)
        text += "<li><a href=\"#section-" + std::to_string(i + 1) + "\">" +
                html_escaped(page.sections[i].heading) + "</a></li>\n";
    if (!page.code.empty())
        text += "<li><a href=\"#code\">Code</a></li>\n";
    return text + "</ul></nav>\n";
}

} // namespace

Entries entries_of(const std::vector<Code> &code) {
    Entries entries;
    for (const Code &one : code)
        entries.emplace(one.entry, entries.size());
    return entries;
}

std::string plot_html(const Plot &plot, const std::string &id) {
    // Each is shown where its text has about its own size; page.css knows the widths.
    const std::pair<const char *, int> sizes[] = {{"narrow", 330}, {"medium", 580}, {"wide", 840}};
    std::string text = "<figure class=\"picture\">\n<figcaption>" + html_escaped(plot_title(plot)) +
                       "</figcaption>\n<div class=\"fit\">\n";
    for (const auto &[name, width] : sizes)
        text += std::string("<div class=\"") + name + "\">\n" +
                plot_svg(plot, width, id + "-" + name) + "</div>\n";
    return text + "</div>\n<details><summary>Values</summary>\n" +
           table_html(plot_table(plot), {}) + "</details>\n</figure>\n";
}

std::string html(const Page &page) {
    const Entries entries = entries_of(page.code);
    std::string text =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
        std::string(kPolicy) + "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
        html_escaped(page.title) + "</title>\n<style>\n" + kStyle +
        "</style>\n</head>\n<body>\n<header>\n<div class=\"top\"><p class=\"title\">" +
        html_escaped(page.title) +
        "</p><button type=\"button\" id=\"theme\" hidden>Theme: auto</button></div>\n<h1>" +
        html_escaped(page.headline) + "</h1>\n</header>\n<main>\n<div class=\"first" +
        (page.plot ? "" : " plain") + "\">\n";
    if (page.plot)
        text += plot_html(*page.plot, "plot-0");
    text += facts_html(page.facts) + "</div>\n" + contents_html(page);
    Sections sections(entries);
    for (size_t i = 0; i < page.sections.size(); ++i)
        text += sections.html(page.sections[i], i + 1);
    if (!page.code.empty())
        text += code_html(page.code, entries);
    return text + "</main>\n<script>\n" + kScript + "</script>\n</body>\n</html>\n";
}

} // namespace involute::report
