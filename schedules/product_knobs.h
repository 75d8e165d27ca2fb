// Knobs of the two products of kernel generation.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

// Pieces of a loop for each thread that shares it.
inline constexpr int kLoopPieces = 4;

struct ProductKnobs {
    int pixels = 6;
    int blocks = 1;
    int unroll_k = 8;
    int prefetch = 1;

    static ProductKnobs defaults(const Machine &machine, int packing) {
        ProductKnobs knobs;
        // One vector a pixel takes as many loads as multiply-adds, of which AVX-512 has two each.
        knobs.blocks = machine.lanes == 16 && packing == 16 ? 2 : 1;
        knobs.pixels = product_pixels(machine, packing * knobs.blocks);
        knobs.unroll_k = machine.lanes == 16 ? 2 : 8;
        knobs.prefetch = machine.arm ? 0 : 1;
        return knobs;
    }
    std::vector<Knob> list() {
        return {{"pixels", &pixels, 1, 16, "pixels whose accumulators stay in registers"},
                {"blocks", &blocks, 1, 2, "blocks of columns that are done with them at once"},
                {"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the inner loop",
                 Tried::kDivisors},
                {"prefetch", &prefetch, 0, 1, "1: the weights of the next block are asked for"}};
    }
    std::string violation(const Machine &machine, int packing) const {
        if (blocks > 1 && machine.lanes != 16) {
            return "blocks=2: only AVX-512 weights are padded to pairs of blocks";
        }
        return tile_violation("pixels", pixels, machine, blocks * packing / machine.lanes);
    }
};

} // namespace involute::schedules
