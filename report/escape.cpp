#include "report/escape.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace involute::report {

namespace {

const char *const kReplacement = "\xef\xbf\xbd"; // U+FFFD

// The length of the character at `place`; 0 when no valid one begins there.
size_t character_length(const std::string &text, size_t place) {
    const auto byte = [&](size_t offset) -> uint32_t {
        return place + offset < text.size() ? static_cast<unsigned char>(text[place + offset]) : 0;
    };
    const uint32_t first = byte(0);
    if (first < 0x80)
        return first >= 0x20 ? first != 0x7f : first == '\t' || first == '\n';
    const size_t length = first >= 0xf5   ? 0
                          : first >= 0xf0 ? 4
                          : first >= 0xe0 ? 3
                          : first >= 0xc2 ? 2
                                          : 0;
    uint32_t code = first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (byte(i) & 0x3f);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    const bool control = code >= 0x80 && code < 0xa0;
    return overlong || surrogate || control || code > 0x10ffff ? 0 : length;
}

bool word_character(const std::string &text, size_t place) {
    const unsigned char c = place < text.size() ? static_cast<unsigned char>(text[place]) : ' ';
    return c >= 0x80 || std::isalnum(c);
}

} // namespace

std::string valid_utf8(const std::string &text) {
    std::string valid;
    valid.reserve(text.size());
    for (size_t place = 0; place < text.size();) {
        const size_t length = character_length(text, place);
        if (length > 0)
            valid.append(text, place, length);
        else if (text[place] != '\r') // as of files written on Windows
            valid += kReplacement;
        place += std::max<size_t>(length, 1);
    }
    return valid;
}

std::string html_escaped(const std::string &text) {
    std::string escaped;
    for (char c : valid_utf8(text)) {
        switch (c) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        case '\'':
            escaped += "&#39;";
            break;
        default:
            escaped += c;
        }
    }
    return escaped;
}

std::string markdown_escaped(const std::string &text) {
    const std::string valid = valid_utf8(text);
    std::string escaped;
    for (size_t i = 0; i < valid.size(); ++i) {
        const char c = valid[i];
        if (c == '\n' || c == '\t') {
            escaped += ' ';
            continue;
        }
        // An underscore inside of a word is no emphasis on GitHub; names stay readable.
        const bool inside = i > 0 && word_character(valid, i - 1) && word_character(valid, i + 1);
        // # + - begin a heading or a list at the start of a line only.
        const bool special =
            std::string("\\`*[]<>|~&$").find(c) != std::string::npos || (c == '_' && !inside) ||
            (i == 0 && (c == '#' || c == '+')) ||
            (i == 0 && c == '-' &&
             !std::isdigit(static_cast<unsigned char>(valid.size() > 1 ? valid[1] : ' ')));
        if (special)
            escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string markdown_code(const std::string &text) {
    std::string inner;
    size_t run = 0, longest = 0;
    for (char c : valid_utf8(text)) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
        if (c == '|')
            inner += '\\'; // a table ends its cell even inside of code
        inner += c == '\n' || c == '\t' ? ' ' : c;
    }
    if (inner.find_first_not_of(' ') == std::string::npos)
        return "";
    const std::string fence(longest + 1, '`');
    const std::string pad = inner.front() == '`' || inner.back() == '`' ? " " : "";
    return fence + pad + inner + pad + fence;
}

std::string json_string(const std::string &text) {
    std::string json = "\"";
    for (char c : valid_utf8(text)) {
        switch (c) {
        case '"':
            json += "\\\"";
            break;
        case '\\':
            json += "\\\\";
            break;
        case '\n':
            json += "\\n";
            break;
        case '\t':
            json += "\\t";
            break;
        case '<': // neither </script> nor <!--
            json += "\\u003c";
            break;
        default:
            json += c;
        }
    }
    return json + "\"";
}

} // namespace involute::report
