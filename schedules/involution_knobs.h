// Knobs of involution: pixels of a row that are generated and aggregated at once.
#pragma once

#include "schedules/product_knobs.h"
#include "schedules/row_tiles.h"

namespace involute::schedules {

struct InvolutionKnobs {
    RowTiles tiles;
    int unroll_taps = 1;
    int task_rows = 0, block_rows = 0;
    ProductKnobs product;

    static InvolutionKnobs defaults(const Machine &machine, int packing, int group_channels = 16) {
        InvolutionKnobs knobs;
        // AVX2: 6 pixels x 2 vectors would suit, but the inputs of 5 already spill.
        knobs.tiles = machine.arm           ? RowTiles::arm()
                      : machine.lanes == 16 ? RowTiles{{14, 10, 8, 7, 5}}
                      : machine.lanes == 8  ? RowTiles{{4, 5}}
                                            : RowTiles{{2}};
        if (group_channels != 16) {
            knobs.tiles = RowTiles::of_group(machine, group_channels);
        }
        knobs.product = ProductKnobs::defaults(machine, packing);
        return knobs;
    }
    static InvolutionKnobs generic(const Machine &machine, int packing) {
        InvolutionKnobs knobs = defaults(machine, packing);
        knobs.tiles = RowTiles::generic(machine);
        return knobs;
    }
    std::vector<Knob> list() {
        std::vector<Knob> knobs = tiles.list();
        knobs.push_back({"unroll_taps", &unroll_taps, 0, 1, "1: a row of taps is unrolled"});
        knobs.push_back(task_rows_knob(&task_rows));
        knobs.push_back({"block_rows", &block_rows, 0, kMostRows,
                         "rows whose kernels are made at once; 0: as the runtime cuts them",
                         Tried::kShares});
        for (const Knob &knob : product.list()) {
            knobs.push_back(knob);
        }
        return knobs;
    }
    std::string violation(const Machine &machine, int packing) const {
        if (task_rows != 0 && block_rows > task_rows) {
            return "block_rows=" + std::to_string(block_rows) + " is more than a task of " +
                   std::to_string(task_rows) + " rows has";
        }
        const std::string wrong = tiles.violation(machine, 16 / machine.lanes);
        return wrong.empty() ? product.violation(machine, packing) : wrong;
    }
};

} // namespace involute::schedules
