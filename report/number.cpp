#include "report/number.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace involute::report {

namespace {

// Beyond these powers of ten significant digits would stand behind or before rows of zeros.
constexpr int kLowestExponent = -4, kHighestExponent = 8;
constexpr double kHighestFixed = 1e15; // a double's last digit is worth 0.1 and more from here on
constexpr int kMostDigits = 17;

std::string printed(const char *format, int digits, double value) {
    char text[400]; // the largest double has 309 digits before the point
    std::snprintf(text, sizeof text, format, std::clamp(digits, 0, kMostDigits), value);
    return text;
}

std::string with_commas(std::string text) {
    const size_t first = text[0] == '-' ? 1 : 0;
    for (size_t place = std::min(text.find('.'), text.size()); place > first + 3; place -= 3)
        text.insert(place - 3, ",");
    return text;
}

// "1.25e-9" instead of the library's "1.25e-09".
std::string scientific(double value, int digits) {
    const std::string text = printed("%.*e", digits - 1, value);
    const size_t mark = text.find('e');
    return text.substr(0, mark + 1) + std::to_string(std::atoi(text.c_str() + mark + 1));
}

int exponent_of(double value, int digits) { // of the rounded value: 9.99 is 10 in two digits
    const std::string text = printed("%.*e", digits - 1, value);
    return std::atoi(text.c_str() + text.find('e') + 1);
}

bool only_zeros(const std::string &text) {
    return text.find_first_not_of("-0.,") == std::string::npos;
}

} // namespace

const char *const kMissing = "–";

Digits significant(int count) {
    return {Digits::Kind::kSignificant, std::clamp(count, 1, kMostDigits)};
}

Digits decimals(int count) {
    return {Digits::Kind::kDecimals, std::clamp(count, 0, kMostDigits)};
}

std::string number_text(double value, Digits digits) {
    if (std::isnan(value))
        return kMissing;
    if (std::isinf(value))
        return value > 0 ? "inf" : "-inf";
    if (value == 0)
        value = 0; // without the sign of -0.0
    if (digits.kind == Digits::Kind::kDecimals) {
        if (std::abs(value) >= kHighestFixed)
            return scientific(value, 4);
        const std::string text = printed("%.*f", digits.count, value);
        if (!only_zeros(text))
            return with_commas(text);
        // What is not zero does not read as zero.
        return value == 0 ? text : scientific(value, 2);
    }
    if (value == 0)
        return "0";
    const int exponent = exponent_of(value, digits.count);
    if (exponent < kLowestExponent || exponent > kHighestExponent)
        return scientific(value, digits.count);
    return with_commas(printed("%.*f", std::max(0, digits.count - 1 - exponent), value));
}

std::string number_text(double value, Digits digits, const std::string &unit) {
    const std::string text = number_text(value, digits);
    return unit.empty() || text == kMissing ? text : text + " " + unit;
}

std::string percent_text(double fraction, int count) {
    const std::string text = number_text(100 * fraction, decimals(count));
    return text == kMissing ? text : text + "%";
}

} // namespace involute::report
