// Knobs of the gradient of the aggregation's input: pixels of a row (constant window) or groups of
// a pixel (any window) that are accumulated at once.
#pragma once

#include <algorithm>

#include "schedules/row_tiles.h"

namespace involute::schedules {

struct AggregationGradInputKnobs {
    RowTiles tiles;
    int groups = 4;
    int task_rows = 0;

    static AggregationGradInputKnobs defaults(const Machine &machine, int) {
        // Constant window as in AggregationKnobs; any: as many accumulators as hide the latency.
        return machine.arm           ? AggregationGradInputKnobs{{{5, 4, 3}}, 4}
               : machine.lanes == 16 ? AggregationGradInputKnobs{{{14, 10, 8, 7, 5}}, 8}
               : machine.lanes == 8  ? AggregationGradInputKnobs{{{4, 5, 3}}, 4}
                                     : AggregationGradInputKnobs{{{2}}, 2};
    }
    std::vector<Knob> list() {
        std::vector<Knob> knobs = tiles.list();
        knobs.push_back({"groups", &groups, 1, 8, "groups of a pixel that are done at once"});
        knobs.push_back(task_rows_knob(&task_rows));
        return knobs;
    }
    std::string violation(const Machine &machine, int) const {
        const int vectors = std::max(1, 16 / machine.lanes);
        const std::string wrong = tiles.violation(machine, vectors);
        return wrong.empty() ? tile_violation("groups", groups, machine, vectors) : wrong;
    }
};

} // namespace involute::schedules
