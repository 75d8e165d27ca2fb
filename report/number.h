// Numbers for people: a fixed number of decimals or of significant digits, a comma between
// thousands, powers of ten only where digits would be a row of zeros. NaN is a missing value.
#pragma once

#include <string>

namespace involute::report {

struct Digits {
    enum class Kind { kSignificant, kDecimals };
    Kind kind = Kind::kSignificant;
    int count = 4;
};
Digits significant(int count);
Digits decimals(int count);

extern const char *const kMissing; // what stands for a value that is not there, "–"

std::string number_text(double value, Digits digits = {}); // "12,345.6", "1.23e-9", "inf"
std::string number_text(double value, Digits digits, const std::string &unit); // "1.25 ms"
std::string percent_text(double fraction, int decimals = 1);                   // 0.973: "97.3%"

} // namespace involute::report
