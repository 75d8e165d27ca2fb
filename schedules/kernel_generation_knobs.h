// Knobs of kernel_generation: the register tile of its two products.
#pragma once

#include "schedules/product_knobs.h"

namespace involute::schedules {

struct KernelGenerationKnobs {
    ProductKnobs product;
    int task_pixels = 0;

    static KernelGenerationKnobs defaults(const Machine &machine, int packing) {
        return {ProductKnobs::defaults(machine, packing)};
    }
    std::vector<Knob> list() {
        std::vector<Knob> knobs = product.list();
        knobs.push_back(task_pixels_knob(&task_pixels));
        return knobs;
    }
    std::string violation(const Machine &machine, int packing) const {
        return product.violation(machine, packing);
    }
};

} // namespace involute::schedules
