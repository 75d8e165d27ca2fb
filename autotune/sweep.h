// Sweeps: the costs of all points of a space, recorded once, on which searches are replayed without
// building or measuring anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autotune/knob_space.h"

namespace involute::autotune {

struct Sweep {
    KnobSpace space;
    std::vector<double> costs; // of each point; infinity: rejected
    Json key;                  // what was measured

    double best() const;
};

// {"key": {...}, "knobs": [{"name": "tile", "values": [1, 2]}, ...], "usual": [2, ...],
// "points": [[1, ..., 0.93], [2, ..., null], ...]}: a value for each knob, then the cost, null
// where it was rejected. Combinations that are not listed are not legal. Throws
// std::invalid_argument with what is wrong.
Sweep read_sweep(const std::string &json_text);
// One point a line, in the order of their numbers.
std::string sweep_text(const Sweep &sweep);

struct Replay {
    std::vector<double> best; // cost after each trial; infinity while all were rejected
    // The trials until it was `cost` at most; 0: never.
    size_t trials_to(double cost) const;
};
// A search from the usual point on, `batch` points at a time. Fewer trials where the space has
// fewer.
Replay replay(const Sweep &sweep, const std::string &strategy, uint64_t seed, size_t trials,
              size_t batch);

} // namespace involute::autotune
