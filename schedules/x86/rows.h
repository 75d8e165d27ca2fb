// How the row ops (everything with pixels x, y) cut an image into tiles and tasks.
#pragma once

#include <functional>

#include "Halide.h"
#include "schedules/row_tiles.h"

namespace involute::schedules::x86 {

// Names of loops that other stages are computed at.
inline const Halide::Var kTask("task"), kBlock("block"), kTile("xo");

// Rows of a ring that holds those of a window: the power of two makes places in it cheap.
int ring_rows(int kernel);

// Builds `out` once for every tile: cut(stage, tile) is called for the specialisation that takes
// rows whose `width` suits the tile best, last for single pixels.
void specialize_tiles(Halide::Func out, const Halide::Expr &width, const RowTiles &tiles,
                      const std::function<void(Halide::Stage, int)> &cut);

// Cuts `out`(channel, group, x, y, b): a task is rows_per_task rows of one image, inside it each
// row is cut into tiles of one of the widths of `tiles`.
void rows(Halide::Func out, const Halide::Var &channel, const Halide::Var &group,
          const Halide::Var &x, const Halide::Var &y, const Halide::Var &b, const RowTiles &tiles,
          const Machine &machine, const Halide::Expr &rows_per_task);

} // namespace involute::schedules::x86
