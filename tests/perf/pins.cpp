// Reading, writing and comparing pins.
#include "tests/perf/pins.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

namespace involute::perf {
namespace {

constexpr const char *kRefresh =
    "`cmake --build --preset release --target refresh_instruction_counts` pins it";

constexpr const char *kHeading =
    "# Instructions that each kernel call executes on one thread, counted by callgrind. A count "
    "more than\n"
    "# 3% away from its line fails the tests. Written by `cmake --build --preset release --target\n"
    "# refresh_instruction_counts`; CONTRIBUTING.md says when a count may rise.\n"
    "# case isa count lowest\n";

// Same case?
template <class A, class B>
bool same(const A &a, const B &b) {
    return a.name == b.name && a.isa == b.isa;
}

template <class List, class Key>
auto find_in(List &list, const Key &key) {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto &entry) { return same(entry, key); });
}

bool above(const Count &count, const Pin &pin) {
    return count.instructions * 100 > pin.count * (100 + kSlackPercent);
}

bool below(const Count &count, const Pin &pin) {
    return count.instructions * 100 < pin.count * (100 - kSlackPercent);
}

std::string difference(const Count &count, const Pin &pin) {
    const double percent =
        100 * static_cast<double>(count.instructions - pin.count) / static_cast<double>(pin.count);
    char text[160];
    std::snprintf(text, sizeof text, ": %lld instructions, pinned %lld: %.1f%% %s (%d%% allowed)",
                  static_cast<long long>(count.instructions), static_cast<long long>(pin.count),
                  std::fabs(percent), percent < 0 ? "below" : "above", int{kSlackPercent});
    return count.name + " " + count.isa + text;
}

} // namespace

bool parse_pins(const std::string &text, std::vector<Pin> *pins, std::string *error) {
    pins->clear();
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty() || line[0] == '#')
            continue;
        std::istringstream fields(line);
        Pin pin;
        std::string rest;
        if (!(fields >> pin.name >> pin.isa >> pin.count >> pin.lowest) || fields >> rest ||
            pin.lowest <= 0 || pin.count < pin.lowest) {
            *error = "line " + std::to_string(number) +
                     ": expected 'case isa count lowest' with count >= lowest > 0, got '" + line +
                     "'";
            return false;
        }
        if (find_in(*pins, pin) != pins->end()) {
            *error = "line " + std::to_string(number) + ": a second line for " + pin.name + " " +
                     pin.isa;
            return false;
        }
        pins->push_back(pin);
    }
    return true;
}

std::string format_pins(std::vector<Pin> pins) {
    std::sort(pins.begin(), pins.end(), [](const Pin &a, const Pin &b) {
        return std::tie(a.isa, a.name) < std::tie(b.isa, b.name);
    });
    std::string text = kHeading;
    for (const Pin &pin : pins)
        text += pin.name + " " + pin.isa + " " + std::to_string(pin.count) + " " +
                std::to_string(pin.lowest) + "\n";
    return text;
}

std::string rise_line(const Pin &pin) {
    return "- instructions: " + pin.name + " " + pin.isa + " " + std::to_string(pin.lowest) +
           " -> " + std::to_string(pin.count) + ": ";
}

std::vector<std::string> check_rises(const std::vector<Pin> &pins, const std::string &changelog) {
    std::vector<std::string> lines;
    std::istringstream text(changelog);
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    std::vector<std::string> problems;
    for (const Pin &pin : pins) {
        const std::string expected = rise_line(pin);
        const bool said = std::any_of(lines.begin(), lines.end(), [&](const std::string &line) {
            return line.size() > expected.size() && line.compare(0, expected.size(), expected) == 0;
        });
        if (pin.count > pin.lowest && !said)
            problems.push_back(pin.name + " " + pin.isa + ": rises from " +
                               std::to_string(pin.lowest) + " to " + std::to_string(pin.count) +
                               ", which needs this line in CHANGELOG.md: " + expected + "<why>");
    }
    return problems;
}

std::vector<std::string> compare_with_pins(const std::string &isa, const std::vector<Count> &counts,
                                           const std::vector<Pin> &pins) {
    std::vector<std::string> problems;
    for (const Count &count : counts) {
        const auto pin = find_in(pins, count);
        if (pin == pins.end()) {
            problems.push_back(count.name + " " + count.isa + ": " +
                               std::to_string(count.instructions) + " instructions, not pinned; " +
                               kRefresh);
        } else if (above(count, *pin)) {
            problems.push_back(difference(count, *pin));
        } else if (below(count, *pin)) {
            problems.push_back(difference(count, *pin) + "; " + kRefresh);
        }
    }
    for (const Pin &pin : pins) {
        if (pin.isa == isa && find_in(counts, pin) == counts.end())
            problems.push_back(pin.name + " " + pin.isa + ": pinned, but there is no such case; " +
                               kRefresh);
    }
    return problems;
}

std::vector<Pin> refreshed(const std::vector<Pin> &pins, const std::vector<std::string> &isas,
                           const std::vector<Count> &counts) {
    std::vector<Pin> result;
    for (const Pin &pin : pins) {
        if (std::find(isas.begin(), isas.end(), pin.isa) == isas.end())
            result.push_back(pin);
    }
    for (const Count &count : counts) {
        Pin pin{count.name, count.isa, count.instructions, count.instructions};
        const auto old = find_in(pins, count);
        if (old != pins.end()) {
            if (count.instructions > old->count && !above(count, *old))
                pin.count = old->count;
            pin.lowest = std::min(pin.count, old->lowest);
        }
        result.push_back(pin);
    }
    return result;
}

std::vector<std::string> refresh_file(const std::string &pins, const std::string &changelog,
                                      const std::vector<std::string> &isas,
                                      const std::vector<Count> &counts) {
    std::vector<Pin> old;
    std::string error;
    if (!parse_pins(whole_file(pins), &old, &error))
        return {pins + ": " + error};
    const std::vector<Pin> now = refreshed(old, isas, counts);
    std::vector<std::string> problems = check_rises(now, whole_file(changelog));
    if (!problems.empty())
        return problems;
    const std::string temporary = pins + ".new";
    std::ofstream file(temporary);
    file << format_pins(now);
    file.close();
    std::error_code failure;
    if (file)
        std::filesystem::rename(temporary, pins, failure);
    if (!file || failure)
        problems.push_back(pins + ": cannot be written");
    return problems;
}

std::string whole_file(const std::string &path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace involute::perf
