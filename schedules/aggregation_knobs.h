// Knobs of aggregation: how many pixels of a row are accumulated at once.
#pragma once

#include "schedules/row_tiles.h"

namespace involute::schedules {

struct AggregationKnobs {
    RowTiles tiles;
    int task_rows = 0;

    static AggregationKnobs defaults(const Machine &machine, int, int group_channels = 16) {
        if (group_channels != 16) {
            return {RowTiles::of_group(machine, group_channels)};
        }
        // A group of 16 channels is 16/lanes vectors; its weights are broadcast one by one.
        return machine.arm           ? AggregationKnobs{RowTiles::arm()}
               : machine.lanes == 16 ? AggregationKnobs{{{14, 10, 8, 7, 5}}}
               : machine.lanes == 8  ? AggregationKnobs{{{4, 5, 3}}}
                                     : AggregationKnobs{{{2}}};
    }
    // For rows whose groups and windows have any size.
    static AggregationKnobs generic(const Machine &machine) {
        return {RowTiles::generic(machine)};
    }
    std::vector<Knob> list() {
        std::vector<Knob> knobs = tiles.list();
        knobs.push_back(task_rows_knob(&task_rows));
        return knobs;
    }
    std::string violation(const Machine &machine, int) const {
        return tiles.violation(machine, 16 / machine.lanes);
    }
};

} // namespace involute::schedules
