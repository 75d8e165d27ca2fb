// The last word on wisdom for a network: the network itself, with the new knobs and without.
#pragma once

#include <string>
#include <vector>

#include "tune_search.h"

namespace involute {

struct NetworkResult {
    double hand = 0, before = 0, after = 0; // milliseconds, medians of rounds
    double ratio = 1;                       // after over before, median over rounds
    std::vector<std::string> dropped;       // layers whose new knobs do not pay in the network
    bool won = false;
    std::string failure; // "" where all was well
};

// Measures the network by hand, with `old` and with the wisdom of the history, layer by layer and
// as a whole. Layers whose new knobs do not pay, and all of them where the sum does not, lose a
// check, which takes them out of the history's wisdom.
NetworkResult check_network(const BenchCase &network, const autotune::Wisdom &old,
                            autotune::History *history);

} // namespace involute
