// The two panes and the texts they choose from, which are in the page once, as JSON.
#include <algorithm>
#include <map>

#include "report/escape.h"
#include "report/html_parts.h"

namespace involute::report {

namespace {

std::string pane_html(const char *id, const char *sign) {
    const std::string name = std::string("pane ") + sign;
    return std::string("<div class=\"pane\" id=\"pane-") + id +
           "\" tabindex=\"-1\" role=\"group\" "
           "aria-label=\"Pane " +
           sign + "\">\n<div class=\"bar\"><span class=\"badge\">" + sign +
           "</span><select class=\"entry\" aria-label=\"Entry in " + name +
           "\"></select><select class=\"kind\" aria-label=\"Kind of text in " + name +
           "\"></select><output></output></div>\n<pre tabindex=\"0\" role=\"region\" "
           "aria-label=\"Text in " +
           name + "\"><code></code></pre>\n</div>\n";
}

std::string list(const std::vector<std::string> &names) {
    std::string json;
    for (const std::string &name : names)
        json += (json.empty() ? "" : ",") + json_string(name);
    return "[" + json + "]";
}

} // namespace

// {"kinds": [...], "entries": [...], "texts": [one array an entry: [kind, text, kind, text...]]}
std::string code_html(const std::vector<Code> &code, const Entries &entries) {
    std::vector<std::string> names(entries.size()), kinds, texts(entries.size());
    for (const auto &[name, number] : entries)
        names[number] = name;
    for (const Code &one : code) {
        auto kind = std::find(kinds.begin(), kinds.end(), one.kind);
        if (kind == kinds.end())
            kind = kinds.insert(kinds.end(), one.kind);
        std::string &json = texts[entries.at(one.entry)];
        json += (json.empty() ? "" : ",") + std::to_string(kind - kinds.begin()) + "," +
                json_string(one.text);
    }
    std::string all;
    for (const std::string &json : texts)
        all += (all.empty() ? "[" : ",\n[") + json + "]";
    return "<section id=\"code\">\n<h2>Code</h2>\n<p class=\"hint\">Two texts side by side; A and "
           "B "
           "in a row of a table put its code here.</p>\n<noscript><p>The panes need "
           "JavaScript.</p></noscript>\n<div class=\"panes\">\n" +
           pane_html("a", "A") + pane_html("b", "B") +
           "</div>\n<script type=\"application/json\" id=\"texts\">{\"kinds\":" + list(kinds) +
           ",\"entries\":" + list(names) + ",\"texts\":[" + all + "]}</script>\n</section>\n";
}

} // namespace involute::report
