// Knobs of dense: one row of accumulators, NR / lanes vectors wide.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct DenseKnobs {
    int unroll_k = 4; // reduction steps

    static DenseKnobs defaults(const Machine &, int) {
        return {};
    }
    std::vector<Knob> list() {
        return {{"unroll_k", &unroll_k, 1, 8, "reduction steps in one turn of the inner loop"}};
    }
    std::string violation(const Machine &machine, int packing) const {
        return tile_registers(machine, 1, packing / machine.lanes) > 2 * machine.registers
                   ? "the packing width needs more vector registers than there are"
                   : "";
    }
};

} // namespace involute::schedules
