// Tiles of the ops that walk along image rows: how many neighbouring pixels are done at once.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

// A row takes the tile that recomputes fewest pixels (ceil(width / tile) * tile), the widest of
// equals; 0: not built. Rows narrower than all of them are done pixel by pixel.
struct RowTiles {
    int tile[5] = {};

    std::vector<Knob> list() {
        return {{"tile", &tile[0], 1, 16, "pixels of a row that are done at once"},
                {"tile_b", &tile[1], 0, 16, "a second tile, for widths it fits better; 0: none"},
                {"tile_c", &tile[2], 0, 16, "a third tile"},
                {"tile_d", &tile[3], 0, 16, "a fourth tile"},
                {"tile_e", &tile[4], 0, 16, "a fifth tile"}};
    }
    // `vectors`: of accumulators a pixel takes.
    std::string violation(const Machine &machine, int vectors) const {
        for (int t : tile) {
            if (t > 1 && tile_registers(machine, t, vectors) > machine.registers) {
                return "tile=" + std::to_string(t) + " needs more than " +
                       std::to_string(machine.registers) + " vector registers";
            }
        }
        return "";
    }
};

} // namespace involute::schedules
