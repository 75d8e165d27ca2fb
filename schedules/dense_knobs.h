// Knobs of dense: one row of accumulators, NR / lanes vectors wide.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct DenseKnobs {
    int unroll_k = 4; // reduction steps
    int accumulators = 1;

    static DenseKnobs defaults(const Machine &, int) {
        return {};
    }
    std::vector<Knob> list() {
        return {{"unroll_k", &unroll_k, 1, 8, "reduction steps in one turn of the inner loop",
                 Tried::kDivisors},
                {"accumulators", &accumulators, 1, 8, "partial sums of every output value",
                 Tried::kDivisors, false}};
    }
    std::string violation(const Machine &machine, int packing) const {
        // One sum may spill a little, for weights come from memory; several would do so in vain.
        const int most = accumulators > 1 ? machine.registers : 2 * machine.registers;
        return tile_registers(machine, accumulators, packing / machine.lanes) > most
                   ? "accumulators=" + std::to_string(accumulators) + " needs more than " +
                         std::to_string(most) + " vector registers"
                   : "";
    }
};

} // namespace involute::schedules
