// Looking into written pages; numbers that no page should break on.
#pragma once

#include <limits>
#include <regex>
#include <string>
#include <vector>

namespace involute::report::test {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline size_t count(const std::string &text, const std::string &what) {
    size_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

// The first group of each match.
inline std::vector<std::string> all_matches(const std::string &text, const std::string &pattern) {
    std::vector<std::string> found;
    const std::regex expression(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
        found.push_back((*at)[1].str());
    return found;
}

inline std::vector<double> all_numbers(const std::string &text, const std::string &pattern) {
    std::vector<double> found;
    for (const std::string &match : all_matches(text, pattern))
        found.push_back(std::stod(match));
    return found;
}

} // namespace involute::report::test
