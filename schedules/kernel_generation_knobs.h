// Knobs of kernel_generation: the register tile of its two products.
#pragma once

#include "schedules/product_knobs.h"

namespace involute::schedules {

struct KernelGenerationKnobs {
    ProductKnobs product;

    static KernelGenerationKnobs defaults(const Machine &machine, int packing) {
        return {ProductKnobs::defaults(machine, packing)};
    }
    std::vector<Knob> list() {
        return product.list();
    }
    std::string violation(const Machine &machine, int packing) const {
        return product.violation(machine, packing);
    }
};

} // namespace involute::schedules
