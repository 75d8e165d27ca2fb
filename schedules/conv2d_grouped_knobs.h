// Knobs of grouped and depthwise convolution: the register tile, one vector of outputs wide.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct Conv2dGroupedKnobs {
    int tile = 8; // pixels
    int copy = 8; // lanes of the padding copy
    int task_pixels = 0;

    static Conv2dGroupedKnobs defaults(const Machine &machine, int) {
        return {machine.arm ? 12 : product_pixels(machine, machine.lanes), machine.lanes};
    }
    std::vector<Knob> list() {
        return {{"tile", &tile, 1, 16, "pixels whose accumulators stay in registers"},
                {"copy", &copy, 4, 16, "values copied at once where the border is added",
                 Tried::kPowers},
                task_pixels_knob(&task_pixels)};
    }
    std::string violation(const Machine &machine, int) const {
        return tile_violation("tile", tile, machine, 1);
    }
};

} // namespace involute::schedules
