// Knobs of conv2d: the register tile of the product over pixels.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct Conv2dKnobs {
    int tile = 6;     // pixels
    int unroll_k = 1; // reduction steps
    int copy = 8;     // lanes of the padding copy

    static Conv2dKnobs defaults(const Machine &machine, int packing);
    std::vector<Knob> list() {
        return {{"tile", &tile, 1, 16, "pixels whose accumulators stay in registers"},
                {"unroll_k", &unroll_k, 1, 4, "reduction steps in one turn of the inner loop"},
                {"copy", &copy, 4, 16, "values copied at once where the border is added"}};
    }
    std::string violation(const Machine &machine, int packing) const;
};

inline Conv2dKnobs Conv2dKnobs::defaults(const Machine &machine, int packing) {
    Conv2dKnobs knobs;
    const int vectors = packing / machine.lanes;
    // AVX-512: 14 x 1 or 7 x 2; AVX2: 6 x 2; SSE2: 2 x 4.
    knobs.tile = machine.lanes == 16 ? 14 / vectors : machine.lanes == 8 ? 12 / vectors : 2;
    knobs.copy = machine.lanes;
    return knobs;
}

inline std::string Conv2dKnobs::violation(const Machine &machine, int packing) const {
    const int vectors = packing / machine.lanes;
    if (tile > 1 && tile_registers(machine, tile, vectors) > machine.registers) {
        return "tile=" + std::to_string(tile) + " needs more than " +
               std::to_string(machine.registers) + " vector registers";
    }
    return "";
}

} // namespace involute::schedules
