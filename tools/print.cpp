// Formatting only; the widths count characters of UTF-8, not bytes.
#include "print.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "failure.h"

namespace involute {

namespace {

size_t width_of(const std::string &text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

} // namespace

Table::Table(const std::vector<std::string> &titles) {
    rows_.emplace_back();
    for (const std::string &title : titles) {
        const bool left = title[0] == '<';
        left_.push_back(left);
        rows_[0].push_back(left ? title.substr(1) : title);
    }
}

void Table::row(const std::vector<std::string> &cells) {
    rows_.push_back(cells);
}

std::string Table::text() const {
    std::vector<size_t> widths(left_.size(), 0);
    for (const auto &row : rows_)
        for (size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    std::string text;
    for (const auto &row : rows_) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) {
            const std::string pad(widths[i] - width_of(row[i]), ' ');
            line += (i > 0 ? "  " : "") + (left_[i] ? row[i] + pad : pad + row[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string significant(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text[0] == '-' && text[1] == 'n' ? "nan" : text;
}

std::string percent(double fraction) {
    return fixed(100 * fraction, 1) + "%";
}

std::string megabytes(int64_t bytes) {
    return fixed(static_cast<double>(bytes) / 1e6, 1) + " MB";
}

std::string grouped(int64_t value) {
    std::string text = std::to_string(value);
    for (size_t place = text.size(); place > (value < 0 ? 4u : 3u); place -= 3)
        text.insert(place - 3, ",");
    return text;
}

std::string shell_quoted(const std::string &word) {
    const auto plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               (c != 0 && std::strchr("_-./:=,+@%", c));
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
        return word;
    std::string quoted = "'";
    for (char c : word)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string joined(const std::vector<std::string> &words, const std::string &between) {
    std::string text;
    for (size_t i = 0; i < words.size(); ++i)
        text += (i > 0 ? between : "") + words[i];
    return text;
}

void print(const std::string &text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw Failure(kExitUsage, std::string("stdout: cannot be written: ") + strerror(errno));
}

} // namespace involute
