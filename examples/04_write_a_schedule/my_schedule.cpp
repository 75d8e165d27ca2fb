// A schedule of the aggregation (the weighted sum over a window that an involution ends with), in a
// file of its own. What is computed stays in generators/aggregation.cpp; here stands only where,
// when, on how many channels at once and by which thread. Copy the file and change it: no order of
// loops below can make a sum wrong.
#include "schedules/cpu/rows.h"
#include "schedules/own/schedules.h"

namespace involute::schedules {

using namespace Halide;

namespace {

// How many pixels of a row are summed up at the same time, each in vectors of its own. A
// multiply-add takes 4 cycles and two start in every cycle, so 8 sums must be under way; those that
// do not fit into the registers go to memory and back in every step. 14 of the 32 registers of
// AVX-512, since the widths of the usual maps are multiples of 7 and a last tile costs a whole one.
int pixels_at_once(const Machine &machine, int vectors) {
    const int registers = machine.registers == 32 ? 14 : 8;
    return std::max(1, registers / std::max(1, vectors));
}

} // namespace

void own::schedule(generators::Aggregation &op, const Machine &machine, const Expr &rows_per_task,
                   Pipeline) {
    // The loops that the file gives names to: x = xo * pixels + xi, y = yo * rows_per_task + y.
    const Var task("task"), xo("xo"), xi("xi"), yo("yo");

    // The channels of a group lie side by side and share their weight, so they fill vectors: 16
    // channels are one of AVX-512, two of AVX2. Generic rows learn their number at run time (0
    // here); those are left to the plain loops.
    const int channels = cpu::constant_size(cpu::group_size(op.out));
    const int lanes = channels != 0 ? whole_lanes(machine, channels) : 1;
    const int pixels = pixels_at_once(machine, channels / lanes);
    const auto vectors = [&](Stage stage) {
        if (lanes > 1) {
            stage.vectorize(op.ci, lanes);
        }
        if (channels != 0) {
            stage.unroll(op.ci); // the vectors of a group, one after the other
        }
    };

    // The result: tasks of some rows go to the threads, a task walks along its rows tile by tile.
    // The last tile of a row is moved inwards, which a row narrower than a tile cannot have: for
    // those the same loops are built once more, pixel by pixel.
    const auto loops = [&](Stage stage, int tile) {
        stage.split(op.x, xo, xi, tile, TailStrategy::ShiftInwards)
            .split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf);
        if (channels != 0) {
            stage.reorder(op.ci, xi, op.g, xo, op.y, yo, op.b);
        } else {
            stage.reorder(xi, op.ci, op.g, xo, op.y, yo, op.b);
        }
        stage.fuse(yo, op.b, task).parallel(task).unroll(xi);
        vectors(stage);
    };
    loops(op.out.specialize(op.out.output_buffer().dim(2).extent() >= pixels), pixels);
    loops(op.out, 1);

    // The sums: computed where one tile of one group is written, so that they are `pixels` times
    // the vectors of a group and stay in registers. Inside of the loops over the window every
    // pixel's weight is read once and multiplied with all channels of the group.
    op.sum.compute_at(op.out, channels != 0 ? op.g : op.ci).store_in(MemoryType::Register);
    op.sum.unroll(op.x);
    vectors(op.sum);
    Stage add = op.sum.update();
    add.reorder(op.ci, op.x, op.taps.x, op.taps.y).unroll(op.x);
    vectors(add);
    if (channels != 0 && Internal::is_const(op.taps.x.extent())) {
        add.unroll(op.taps.x); // the loop over a row of the window, without its counting
    }

    // The input with a border of zeros: only the rows that a task reads, in memory of the thread.
    // Channels first, then pixels, so that the sums above read whole vectors.
    if (op.pads) {
        op.padded.compute_at(op.out, task).reorder_storage(op.ci, op.x, op.y, op.g, op.b);
        vectors(op.padded);
    }
    // Rows with `upsample` or a clamped border look up where the window of a pixel begins.
    if (op.has_places) {
        op.column.compute_at(op.out, task);
        op.row.compute_at(op.out, task);
    }
}

} // namespace involute::schedules
