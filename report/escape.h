// Text in its places: UTF-8 made valid, and characters that mean something to HTML, to GitHub's
// Markdown or to a script block written so that they stand for themselves.
#pragma once

#include <string>

namespace involute::report {

// Bytes that are no UTF-8, and control characters but for tab and newline, become U+FFFD.
std::string valid_utf8(const std::string &text);
std::string html_escaped(const std::string &text); // for text and for attributes in quotes
// One line, also inside of a table: | is escaped, newlines become blanks.
std::string markdown_escaped(const std::string &text);
std::string markdown_code(const std::string &text); // between as many backticks as it needs
// A JSON string with its quotes that cannot end the <script> it stands in.
std::string json_string(const std::string &text);

} // namespace involute::report
