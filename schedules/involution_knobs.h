// Knobs of involution: pixels of a row that are generated and aggregated at once.
#pragma once

#include "schedules/row_tiles.h"

namespace involute::schedules {

struct InvolutionKnobs {
    RowTiles tiles;
    int unroll_taps = 1;

    static InvolutionKnobs defaults(const Machine &machine, int) {
        // AVX2: 6 pixels x 2 vectors would suit the products, but spills in the aggregation.
        return machine.lanes == 16  ? InvolutionKnobs{{{14, 10, 8, 7, 5}}}
               : machine.lanes == 8 ? InvolutionKnobs{{{4, 5, 3}}}
                                    : InvolutionKnobs{{{2}}};
    }
    std::vector<Knob> list() {
        std::vector<Knob> knobs = tiles.list();
        knobs.push_back({"unroll_taps", &unroll_taps, 0, 1, "1: a row of taps is unrolled"});
        return knobs;
    }
    std::string violation(const Machine &machine, int packing) const {
        return tiles.violation(machine, (packing > 16 ? packing : 16) / machine.lanes);
    }
};

} // namespace involute::schedules
