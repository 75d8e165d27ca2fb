#include "schedules/cpu/rows.h"

#include <algorithm>

namespace involute::schedules::cpu {

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

Expr chosen(int knob, const Expr &argument) {
    return knob != 0 ? Expr(knob) : argument;
}

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

Expr group_size(Func out) {
    const OutputImageParam buffer = out.output_buffer();
    const Expr promised = buffer.parameter().extent_constraint(0);
    return promised.defined() ? promised : buffer.dim(0).extent();
}

int constant_size(const Expr &group_channels) {
    const auto *fixed = group_channels.as<Internal::IntImm>();
    return fixed != nullptr ? static_cast<int>(fixed->value) : 0;
}

int constant_step(const Expr &group_channels, const Steps &steps) {
    return steps.constant != 0 ? steps.constant : constant_size(group_channels);
}

void specialize_channels(Stage at, const Expr &group_channels, const Steps &steps,
                         const std::function<void(Stage, int)> &cut) {
    if (Internal::is_const(group_channels)) {
        cut(at, constant_step(group_channels, steps));
        return;
    }
    for (int step : steps.any) {
        const Expr fits = step >= 16 ? group_channels % step == 0 : group_channels >= step;
        cut(at.specialize(fits), step);
    }
    cut(at, 1);
}

void cut_channels(Stage at, const Var &channel, const Expr &group_channels, int step,
                  const std::vector<VarOrRVar> &inside, const std::vector<VarOrRVar> &outside) {
    std::vector<VarOrRVar> order = {channel};
    order.insert(order.end(), inside.begin(), inside.end());
    if (constant_size(group_channels) != step) {
        at.split(channel, kStep, channel, step, TailStrategy::ShiftInwards);
        order.push_back(kStep);
    }
    order.insert(order.end(), outside.begin(), outside.end());
    at.reorder(order);
}

Var step_loop(const Expr &group_channels, const Steps &steps, const Var &around) {
    const int constant = constant_size(group_channels);
    return constant != 0 && constant_step(group_channels, steps) == constant ? around : kStep;
}

void accumulate_channels(Func sum, const LoopLevel &at, const Var &channel,
                         const Expr &group_channels, const Machine &machine, const Steps &steps,
                         const std::vector<VarOrRVar> &order, const std::vector<Var> &unrolled) {
    const auto vectors = [&](Stage stage, int step) {
        vectorize_step(stage, channel, step, machine);
        for (const Var &var : unrolled) {
            stage.unroll(var);
        }
    };
    sum.store_in(MemoryType::Register).compute_at(at);
    specialize_channels(sum, group_channels, steps, vectors);
    std::vector<VarOrRVar> loops = {channel};
    loops.insert(loops.end(), order.begin(), order.end());
    specialize_channels(sum.update(), group_channels, steps, [&](Stage stage, int step) {
        stage.reorder(loops);
        vectors(stage, step);
    });
}

void vectorize_step(Stage at, const Var &channel, int step, const Machine &machine) {
    at.vectorize(channel, whole_lanes(machine, step)).unroll(channel);
}

void rows(Func out, const Var &channel, const Var &group, const Var &x, const Var &y, const Var &b,
          const RowTiles &tiles, const Machine &machine, const Expr &rows_per_task,
          const Steps &steps) {
    const Var xi("xi"), yo("yo");
    const Expr group_channels = group_size(out);
    const auto cut = [&](Stage at, int tile, int step, TailStrategy tail) {
        at.split(x, kTile, xi, tile, tail)
            .split(y, yo, y, rows_per_task, TailStrategy::GuardWithIf);
        cut_channels(at, channel, group_channels, step, {xi}, {group, kTile, y, yo, b});
        at.fuse(yo, b, kTask).parallel(kTask).unroll(xi);
        vectorize_step(at, channel, step, machine);
    };
    if (!Internal::is_const(group_channels)) {
        specialize_channels(out, group_channels, steps, [&](Stage at, int step) {
            cut(at, std::max(1, tiles.tile[step > machine.lanes ? 0 : 1]), step,
                TailStrategy::PredicateStores);
        });
        return;
    }
    specialize_tiles(out, out.output_buffer().dim(2).extent(), tiles, [&](Stage at, int tile) {
        cut(at, tile, constant_step(group_channels, steps), TailStrategy::ShiftInwards);
    });
}

} // namespace involute::schedules::cpu
