// What `involute tune` works on: the distinct layers of a network or of an operator.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contest.h"
#include "tuned_layers.h"

namespace involute {

struct TuneSubject {
    autotune::TuningKey key;
    BenchCase which;    // the operator that is run for it; of a network's layer by itself
    Plan plan;          // of `which`, by hand
    size_t layer = 0;   // of plan.session["layers"]
    double share = 1;   // of the time of all, by the hand schedule
    double seconds = 0; // of all layers of the key in one run of the network; 0: not measured
    bool in_network = false;
};

// The layers of an operator that can be tuned; of the others one line each in `left_out`.
std::vector<TuneSubject> operator_subjects(const BenchCase &which,
                                           std::vector<std::string> *left_out);

// Those of a network, with their shares measured; largest first.
std::vector<TuneSubject> network_subjects(const BenchCase &network,
                                          std::vector<std::string> *left_out);

} // namespace involute
