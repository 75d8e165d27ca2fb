// Text for people: tables with aligned columns, numbers of sensible length, shell quoting. No
// colours anywhere, so NO_COLOR has nothing to switch off.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace involute {

class Table {
public:
    // A column whose title starts with '<' is aligned to the left.
    explicit Table(const std::vector<std::string> &titles);

    void row(const std::vector<std::string> &cells);
    std::string text() const;

private:
    std::vector<bool> left_;
    std::vector<std::vector<std::string>> rows_; // the titles first
};

std::string fixed(double value, int decimals);
std::string significant(double value, int digits); // "%.*g"; "nan", "inf", "-inf"
std::string percent(double fraction);              // "97.3%"
std::string megabytes(int64_t bytes);              // "12.3 MB", of 10^6 bytes
std::string grouped(int64_t value);                // "1,685,176,832"

std::string shell_quoted(const std::string &word);
std::string joined(const std::vector<std::string> &words, const std::string &between = ", ");

// Writes to stdout at once; stops with exit 2 when that fails (a full disk).
void print(const std::string &text);

} // namespace involute
