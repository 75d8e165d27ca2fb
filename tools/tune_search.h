// The searches of `involute tune`: layer by layer, then the network as a whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autotune/spaces.h"
#include "autotune/strategy.h"
#include "tune_trials.h"

namespace involute {

// How far a search goes. The number of trials is that of a layer with an average share of the time;
// others get more or fewer.
struct Effort {
    std::string name;
    int trials;           // 0: all points
    std::string strategy; // unless another is asked for
};
const std::vector<Effort> &efforts(); // estimate, measure, patient, exhaustive

struct SearchSettings {
    Effort effort;
    std::string strategy;
    uint64_t seed = 0;
    autotune::Shard shard;
    autotune::SpaceOptions space;
    TrialSettings trial;
    bool resume = false;
    size_t layers = 1; // among which the trials are shared out
    size_t batch = 8;  // candidates that are built and timed together
};

// What is known of a search while it runs, and in the end.
struct SearchState {
    std::string name;   // of the layer
    size_t points = 0;  // of its space
    size_t planned = 0; // trials
    size_t done = 0, rejected = 0;
    double best = 1; // time over that of the hand schedule; 1 while nothing is faster
    autotune::Json knobs = autotune::Json::object(); // of the best; {}: the hand schedule's kernel
    double incumbent = 0; // seconds (or instructions) by the hand schedule
};

// Tries, confirms the best, and leaves everything in the history. `known`: what wisdom there is to
// start from. `tell` is called after every batch.
SearchState search_layer(const TuneSubject &subject, const SearchSettings &settings,
                         const autotune::Wisdom &known, Deadline deadline,
                         autotune::History *history,
                         const std::function<void(const SearchState &)> &tell);

// Candidates of batch `number`: two at first, so that something is known and kept early, then twice
// as many each time up to `most`.
size_t batch_size(size_t number, size_t most);

// The number of trials for a layer of this share whose space has so many points.
size_t planned_trials(const SearchSettings &settings, double share, size_t points);

} // namespace involute
