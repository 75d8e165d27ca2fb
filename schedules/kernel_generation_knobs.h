// Knobs of kernel_generation: the register tile of its two products.
#pragma once

#include "schedules/row_tiles.h"

namespace involute::schedules {

struct KernelGenerationKnobs {
    RowTiles tiles;

    static KernelGenerationKnobs defaults(const Machine &machine, int) {
        return machine.lanes == 16  ? KernelGenerationKnobs{{{14, 10, 8, 7, 5}}}
               : machine.lanes == 8 ? KernelGenerationKnobs{{{6, 5, 4, 3}}}
                                    : KernelGenerationKnobs{{{2}}};
    }
    std::vector<Knob> list() {
        return tiles.list();
    }
    std::string violation(const Machine &machine, int packing) const {
        return tiles.violation(machine, packing / machine.lanes);
    }
};

} // namespace involute::schedules
