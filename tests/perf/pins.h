// The pinned instruction counts: tests/perf/instruction_counts.txt, what a new count may differ
// from it, and when a pinned count may rise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/perf/callgrind.h"

namespace involute::perf {

constexpr int64_t kSlackPercent = 3;

struct Pin {
    std::string name, isa;
    int64_t count = 0;
    int64_t lowest = 0; // that was ever pinned for this case
};

// One line a case: name, instruction set, count, lowest; '#' begins a comment. False and the line
// in `error` when one cannot be read or a case stands twice.
bool parse_pins(const std::string &text, std::vector<Pin> *pins, std::string *error);
std::string format_pins(std::vector<Pin> pins);

// What CHANGELOG.md says when `pin` stands above the lowest count of its case; after it, why.
std::string rise_line(const Pin &pin);

// Everything wrong, one line each: a pin above its lowest count without its line in `changelog`.
std::vector<std::string> check_rises(const std::vector<Pin> &pins, const std::string &changelog);

// Everything wrong, one line each: counts more than 3% above or below their pins, counts without a
// pin, pins of this instruction set without a count.
std::vector<std::string> compare_with_pins(const std::string &isa, const std::vector<Count> &counts,
                                           const std::vector<Pin> &pins);

// The pins after a refresh. Counts below a pin lower it; counts up to 3% above leave it; higher
// ones raise it. Pins of instruction sets that were not counted stay.
std::vector<Pin> refreshed(const std::vector<Pin> &pins, const std::vector<std::string> &isas,
                           const std::vector<Count> &counts);

// Rewrites the file `pins` by refreshed(). Writes nothing when check_rises() finds something in the
// file `changelog`; returns what is wrong, one line each.
std::vector<std::string> refresh_file(const std::string &pins, const std::string &changelog,
                                      const std::vector<std::string> &isas,
                                      const std::vector<Count> &counts);

// "" when it cannot be read.
std::string whole_file(const std::string &path);

} // namespace involute::perf
