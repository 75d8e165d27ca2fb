// The legal combinations of the knobs of one layer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autotune/tuning_key.h"

namespace involute::autotune {

// One number of a schedule and the values that are tried.
struct KnobRange {
    std::string name;        // of this knob alone
    std::vector<int> values; // ascending, at least one
    std::string meaning;
    bool keeps_order = true; // of every sum: no result changes a bit
};

using Point = std::vector<int>; // a value for each knob, in their order

class KnobSpace {
public:
    // `violation`: what rules a point out, "" where it is legal. `usual`: the hand schedule's own
    // numbers, which are legal. Throws std::invalid_argument where they are not, where there are
    // more than kMaxCombinations, or where names or values of knobs are not as above.
    KnobSpace(std::vector<KnobRange> knobs, std::function<std::string(const Point &)> violation,
              Point usual);

    static constexpr size_t kMaxCombinations = 8 << 20;

    const std::vector<KnobRange> &knobs() const {
        return knobs_;
    }
    // The number of legal points; they are numbered 0 .. size()-1, the last knob fastest.
    size_t size() const {
        return legal_.size();
    }
    size_t combinations() const; // legal or not
    Point point(size_t index) const;
    size_t usual() const {
        return usual_;
    }
    // -1 where a value is not one that is tried, or the point is not legal.
    int64_t index_of(const Point &point) const;

    // "tile=6,unroll_k=4": what `involute_emit --knobs` takes.
    std::string text(const Point &point) const;
    Json json(const Point &point) const; // {"tile": 6, "unroll_k": 4}
    // -1 where a knob is missing or unknown, or the point is none of the space.
    int64_t index_of(const Json &knobs) const;

    // For models: the position of each value among those of its knob, 0 .. 1. Then, for each knob
    // with a value 0 before two others at least, whether it is 0: often "as the runtime decides",
    // which is no smaller amount of what the others are.
    std::vector<double> features(size_t index) const;

    // How often each reason ruled a combination out, with "N" for its numbers; the most frequent
    // first.
    const std::vector<std::pair<std::string, size_t>> &rejected() const {
        return rejected_;
    }

private:
    int64_t number_of(const Point &point) const; // of a combination; -1: not a value

    std::vector<KnobRange> knobs_;
    std::vector<uint32_t> legal_; // numbers of combinations, ascending
    std::vector<std::pair<std::string, size_t>> rejected_;
    size_t usual_ = 0;
};

} // namespace involute::autotune
