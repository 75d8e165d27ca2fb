// Knobs of the gradient of the aggregation's kernels.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct AggregationGradWeightKnobs {
    int unroll = 1;
    int task_rows = 0;

    static AggregationGradWeightKnobs defaults(const Machine &, int) {
        return {};
    }
    std::vector<Knob> list() {
        return {{"unroll", &unroll, 0, 1, "1: all taps of a pixel are unrolled (constant window)"},
                task_rows_knob(&task_rows)};
    }
    std::string violation(const Machine &, int) const {
        return "";
    }
};

} // namespace involute::schedules
