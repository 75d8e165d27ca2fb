// Tiles of the ops that walk along image rows: how many neighbouring pixels are done at once.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

// A row takes the tile that recomputes fewest pixels (ceil(width / tile) * tile), the widest of
// equals; 0: not built. Rows narrower than all of them are done pixel by pixel.
struct RowTiles {
    int tile[5] = {};
    bool any_group = false; // made by generic()
    int vectors = 0;        // of accumulators a pixel takes; 0: as 16 channels do
    int step = 0;           // channels of a group of 16 that are done at once; 0: all

    static constexpr const char *kNames[] = {"tile", "tile_b", "tile_c", "tile_d", "tile_e"};

    // NEON: half a group at a time, so that a tile is as wide as the maps of RedNet divide by.
    static RowTiles arm() {
        RowTiles tiles{{8, 7, 6, 5}};
        tiles.vectors = 2, tiles.step = 8;
        return tiles;
    }
    // For rows whose groups have any number of channels: the first tile is for steps of 16 channels
    // where they are more than a vector, the second for one vector or a part of it.
    static RowTiles generic(const Machine &machine) {
        return machine.arm          ? RowTiles{{4, 4}, true}
               : machine.lanes == 4 ? RowTiles{{2, 4}, true}
               : machine.lanes == 8 ? RowTiles{{4, 4}, true}
                                    : RowTiles{{4, 6}, true};
    }
    // For groups of other than 16 channels: about as many accumulators as there, and something for
    // narrow rows. Wider ones than 10 spill with 16 registers (64@56, groups of 8: 0.57 ms against
    // 0.46), between the others there is nothing to choose.
    static RowTiles of_group(const Machine &machine, int group_channels) {
        RowTiles tiles;
        tiles.vectors = group_channels / whole_lanes(machine, group_channels);
        const int most = (machine.arm           ? 16
                          : machine.lanes == 16 ? 20
                          : machine.lanes == 8  ? 10
                                                : 8) /
                         tiles.vectors;
        int count = 0;
        for (int pixels : {14, 10, 7, 5, 4, 3, 2}) {
            if (pixels <= most && count < (machine.registers == 32 ? 4 : 3)) {
                tiles.tile[count++] = pixels;
            }
        }
        if (count == 0) {
            tiles.tile[0] = 1;
        }
        return tiles;
    }
    std::vector<Knob> list() {
        return {{kNames[0], &tile[0], 1, 16, "pixels of a row that are done at once"},
                {kNames[1], &tile[1], 0, 16, "a second tile, for widths it fits better; 0: none"},
                {kNames[2], &tile[2], 0, 16, "a third tile"},
                {kNames[3], &tile[3], 0, 16, "a fourth tile"},
                {kNames[4], &tile[4], 0, 16, "a fifth tile"}};
    }
    // `usual`: vectors of accumulators a pixel takes with 16 channels.
    std::string violation(const Machine &machine, int usual) const {
        for (int i = 0; i < 5; i++) {
            const int count = any_group && i == 1 ? 1 : vectors != 0 ? vectors : usual;
            const std::string wrong = tile_violation(kNames[i], tile[i], machine, count);
            if (!wrong.empty()) {
                return wrong;
            }
        }
        return "";
    }
};

} // namespace involute::schedules
