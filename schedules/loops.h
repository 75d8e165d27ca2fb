// The loops of a reduction.
#pragma once

#include <vector>

#include "Halide.h"

namespace involute::schedules {

// Innermost first.
inline std::vector<Halide::RVar> loops(const Halide::RDom &domain) {
    std::vector<Halide::RVar> found;
    for (int d = 0; d < domain.dimensions(); d++) {
        found.push_back(domain[d]);
    }
    return found;
}

} // namespace involute::schedules
