// Knobs of kernel_generation: the register tile of its two products.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct KernelGenerationKnobs {
    int pixels = 6;
    int unroll_k = 8;

    static KernelGenerationKnobs defaults(const Machine &machine, int packing) {
        return {product_pixels(machine, packing), product_unroll(machine)};
    }
    std::vector<Knob> list() {
        return {{"tile", &pixels, 1, 16, "pixels whose accumulators stay in registers"},
                {"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the inner loop"}};
    }
    std::string violation(const Machine &machine, int packing) const {
        return tile_violation("tile", pixels, machine, packing / machine.lanes);
    }
};

} // namespace involute::schedules
