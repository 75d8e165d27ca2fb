// How the row ops (everything with pixels x, y) cut an image into tiles and tasks.
#pragma once

#include "Halide.h"
#include "schedules/row_tiles.h"

namespace involute::schedules::x86 {

// The names of the loops that rows() leaves; other stages are computed at them.
inline const Halide::Var kTask("task"), kTile("xo"), kGroup("g");

// Cuts `out`(channel, group, x, y, b): a task is rows_per_task rows of one image, inside it each
// row is cut into tiles of one of the widths of `tiles`.
void rows(Halide::Func out, const Halide::Var &channel, const Halide::Var &group,
          const Halide::Var &x, const Halide::Var &y, const Halide::Var &b, const RowTiles &tiles,
          const Machine &machine, const Halide::Expr &rows_per_task);

} // namespace involute::schedules::x86
