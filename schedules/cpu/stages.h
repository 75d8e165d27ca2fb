// Stages that kernel_generation, aggregation and involution have in common.
#pragma once

#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

// Into how many runs a loop is cut whose every run is done for each of `others`, so that `threads`
// have about kLoopPieces pieces each: 1 for one thread.
Halide::Expr runs(const Halide::Expr &threads, const Halide::Expr &others);

// The kernels of the `pixels` that loop `block` needs, shared by so many threads.
void compute_kernels(generators::KernelGeneration &op, const Halide::LoopLevel &block,
                     const Halide::Expr &pixels, const Halide::Expr &threads,
                     const ProductKnobs &knobs, const Machine &machine, Halide::Pipeline pipeline);

// The accumulators of one pixel and one step of channels of a pool.
void compute_sum(generators::AvgPool &op, const Halide::Expr &group_channels,
                 const Machine &machine);

// The accumulators of one tile of pixels and one step of channels; loop `tile` is around the steps.
void compute_sum(generators::Aggregation &op, const Machine &machine, const Steps &steps,
                 bool unroll_taps, const Halide::Var &tile);

// Where registers for the columns of the input are few (half a group of channels at once), and for
// large windows of groups of constant size.
void order_columns(generators::Aggregation &op, const RowTiles &tiles, Halide::Pipeline pipeline);

// The rows of the input that a task needs, with their border, and where windows begin.
void compute_padded(generators::Aggregation &op, const Machine &machine, const Steps &steps);

} // namespace involute::schedules::cpu
