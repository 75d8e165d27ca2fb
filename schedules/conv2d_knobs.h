// Knobs of conv2d: the register tile of the product over pixels.
#pragma once

#include <algorithm>

#include "schedules/knobs.h"

namespace involute::schedules {

struct Conv2dKnobs {
    int tile = 6;     // pixels
    int tile_b = 0;   // pixels, for counts it fits better
    int unroll_k = 4; // reduction steps, 1x1
    int unroll_window = 3;
    int copy = 8;     // lanes of the padding copy
    int prefetch = 1; // weights of the next block, residual of the next tile
    int task_pixels = 0, task_blocks = 0;

    static Conv2dKnobs defaults(const Machine &machine, int packing);
    std::vector<Knob> list() {
        return {{"tile", &tile, 1, 16, "pixels whose accumulators stay in registers"},
                {"tile_b", &tile_b, 0, 16, "a second tile, for counts it fits better; 0: none"},
                {"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the loop, 1x1",
                 Tried::kDivisors},
                {"unroll_window", &unroll_window, 1, 16,
                 "the same for windows, of whose rows 3 divides all of 3x3 and 7x7x3",
                 Tried::kDivisors},
                {"copy", &copy, 4, 16, "values copied at once where the border is added",
                 Tried::kPowers},
                {"prefetch", &prefetch, 0, 1, "1: what the next block and tile need is asked for"},
                task_pixels_knob(&task_pixels),
                {"task_blocks", &task_blocks, 0, kMostBlocks,
                 "blocks of output channels of a task; 0: as the runtime cuts them",
                 Tried::kShares}};
    }
    std::string violation(const Machine &machine, int packing) const;
};

inline Conv2dKnobs Conv2dKnobs::defaults(const Machine &machine, int packing) {
    Conv2dKnobs knobs;
    knobs.tile = product_pixels(machine, packing);
    knobs.tile_b = machine.lanes == 8 ? knobs.tile - 1 : 0;
    knobs.copy = machine.lanes;
    if (machine.arm) {
        knobs.unroll_k = 8; // of two steps of inputs one load is made
        knobs.unroll_window = 6;
        knobs.prefetch = 0; // instructions that only a real machine could justify
    }
    return knobs;
}

inline std::string Conv2dKnobs::violation(const Machine &machine, int packing) const {
    const int vectors = packing / machine.lanes;
    std::string wrong = tile_violation("tile", tile, machine, vectors);
    if (wrong.empty()) {
        wrong = tile_violation("tile_b", tile_b, machine, vectors);
    }
    // Halide keeps sums in registers only where it sees that a task has more than one tile.
    const int larger = std::max(tile, tile_b);
    if (wrong.empty() && task_pixels > 0 && task_pixels <= larger) {
        wrong = "task_pixels: expected 0 or more than the " + std::to_string(larger) +
                " of a tile, found " + std::to_string(task_pixels);
    }
    return wrong;
}

} // namespace involute::schedules
