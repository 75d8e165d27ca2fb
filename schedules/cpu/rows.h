// How the row ops (everything with pixels x, y) cut an image into tiles and tasks.
#pragma once

#include <functional>

#include "Halide.h"
#include "schedules/row_tiles.h"

namespace involute::schedules::cpu {

// Names of loops that other stages are computed at.
inline const Halide::Var kTask("task"), kBlock("block"), kTile("xo"), kStep("co");

// A size as a knob says it, or, where that is 0, as the caller does.
Halide::Expr chosen(int knob, const Halide::Expr &argument);

// Rows of a ring that holds those of a window: the power of two makes places in it cheap.
int ring_rows(int kernel);

// Builds `out` once for every tile: cut(stage, tile) is called for the specialisation that takes
// rows whose `width` suits the tile best, last for single pixels.
void specialize_tiles(Halide::Func out, const Halide::Expr &width, const RowTiles &tiles,
                      const std::function<void(Halide::Stage, int)> &cut);

// The extent of dimension 0 of `out`(ci, g, ...): a constant where it was promised.
Halide::Expr group_size(Halide::Func out);
// The constant, 0 where it is none.
int constant_size(const Halide::Expr &group_channels);

// How many channels of a group are done at once: where their number is a constant, so many (0:
// all), else what fits of a list, widest first.
struct Steps {
    std::vector<int> any;
    int constant = 0;
};
inline const Steps kAllSteps = {{16, 8, 4}};

// The step of groups of constant size.
int constant_step(const Halide::Expr &group_channels, const Steps &steps);

// Calls cut(stage, step): once where the number of channels is a constant, else for every
// specialisation: `steps` and 1. A step of 16 or more is for multiples of it, others for groups
// that have so many; the last one of a group is shifted inwards.
void specialize_channels(Halide::Stage at, const Halide::Expr &group_channels, const Steps &steps,
                         const std::function<void(Halide::Stage, int)> &cut);

// Cuts `channel` into steps where a group has more than one, and puts the loops into order: those
// of `inside`, the steps, those of `outside`.
void cut_channels(Halide::Stage at, const Halide::Var &channel, const Halide::Expr &group_channels,
                  int step, const std::vector<Halide::VarOrRVar> &inside,
                  const std::vector<Halide::VarOrRVar> &outside);

// The loop whose every turn is one step: over the steps, or what stands around them.
Halide::Var step_loop(const Halide::Expr &group_channels, const Steps &steps,
                      const Halide::Var &around);

// Keeps `sum` in registers at loop `at`, one step of channels there. `order`: the loops of its
// update inside of the channels' vectors, innermost first; `unrolled`: those of both definitions.
void accumulate_channels(Halide::Func sum, const Halide::LoopLevel &at, const Halide::Var &channel,
                         const Halide::Expr &group_channels, const Machine &machine,
                         const Steps &steps, const std::vector<Halide::VarOrRVar> &order,
                         const std::vector<Halide::Var> &unrolled = {});

// The vectors of a step, as wide as divide it.
void vectorize_step(Halide::Stage at, const Halide::Var &channel, int step, const Machine &machine);

// Cuts `out`(channel, group, x, y, b): a task is rows_per_task rows of one image, inside it each
// row is cut into tiles of one of the widths of `tiles`.
void rows(Halide::Func out, const Halide::Var &channel, const Halide::Var &group,
          const Halide::Var &x, const Halide::Var &y, const Halide::Var &b, const RowTiles &tiles,
          const Machine &machine, const Halide::Expr &rows_per_task,
          const Steps &steps = kAllSteps);

} // namespace involute::schedules::cpu
