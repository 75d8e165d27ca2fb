#include "schedules/x86/rows.h"

#include <algorithm>

namespace involute::schedules::x86 {

using namespace Halide;

namespace {

// Pixels that a row of `width` costs in tiles of `tile`; the last tile is shifted inwards.
Expr cost(const Expr &width, int tile) {
    return (width + (tile - 1)) / tile * tile;
}

// Whether `tile` fits into the row and none of `others` does it with fewer pixels.
Expr suits(const Expr &width, int tile, const std::vector<int> &others) {
    Expr condition = width >= tile;
    for (int other : others) {
        condition = condition && (width < other || cost(width, tile) <= cost(width, other));
    }
    return condition;
}

} // namespace

int ring_rows(int kernel) {
    int rows = 1;
    while (rows < kernel) {
        rows *= 2;
    }
    return rows;
}

void specialize_tiles(Func out, const Expr &width, const RowTiles &tiles,
                      const std::function<void(Stage, int)> &cut) {
    std::vector<int> widths;
    std::copy_if(std::begin(tiles.tile), std::end(tiles.tile), std::back_inserter(widths),
                 [](int tile) { return tile > 1; });
    std::sort(widths.rbegin(), widths.rend());
    widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
    // Specialisations are tried in this order, so the widest of equals wins.
    while (!widths.empty()) {
        const int tile = widths.front();
        widths.erase(widths.begin());
        cut(out.specialize(suits(width, tile, widths)), tile);
    }
    cut(out, 1);
}

void rows(Func out, const Var &channel, const Var &group, const Var &x, const Var &y, const Var &b,
          const RowTiles &tiles, const Machine &machine, const Expr &rows_per_task) {
    const Var xi("xi"), yo("yo");
    specialize_tiles(out, out.output_buffer().dim(2).extent(), tiles, [&](Stage at, int tile) {
        at.split(x, kTile, xi, tile, TailStrategy::ShiftInwards)
            .split(y, yo, y, rows_per_task, TailStrategy::GuardWithIf)
            .reorder(channel, xi, group, kTile, y, yo, b)
            .fuse(yo, b, kTask)
            .parallel(kTask)
            .vectorize(channel, machine.lanes)
            .unroll(channel)
            .unroll(xi);
    });
}

} // namespace involute::schedules::x86
