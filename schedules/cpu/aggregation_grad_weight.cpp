// For eight taps eight partial sums over the channels each, and a tree of shuffles that adds them.
#include <algorithm>

#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;
using generators::AggregationGradWeight;
using generators::kPartialSums;

namespace {

// Far enough apart for Halide to take lanes of two vectors one by one rather than from one load
// over both: such a load keeps LLVM from holding the vectors in registers.
constexpr int kApart = 32;

// The partial sums and their tree, for one block of taps at loop `block`.
void block_of_taps(AggregationGradWeight &op, const LoopLevel &block, int lanes) {
    op.partial.store_in(MemoryType::Register)
        .compute_at(block)
        .bound(op.s, 0, kPartialSums)
        .vectorize(op.s, lanes)
        .unroll(op.s)
        .unroll(op.q1)
        .unroll(op.q2)
        .unroll(op.q0);
    Stage update = op.partial.update();
    update.reorder(op.s, op.q1, op.q2, op.q0, op.blocks.x)
        .vectorize(op.s, lanes)
        .unroll(op.s)
        .unroll(op.q1)
        .unroll(op.q2)
        .unroll(op.q0);
    if (op.constant_kernel != 0) {
        update.unroll(op.blocks.x);
    }
    for (Func *step : {&op.partial, &op.pairs, &op.quads, &op.whole}) {
        for (const Var &v : {op.q0, op.q1, op.q2, op.i, op.half}) {
            const std::vector<Var> args = step->args();
            if (std::any_of(args.begin(), args.end(),
                            [&](const Var &arg) { return arg.name() == v.name(); })) {
                step->bound(v, 0, 2);
            }
        }
    }
    op.pairs.store_in(MemoryType::Register)
        .compute_at(block)
        .align_storage(op.q2, kApart / 8)
        .vectorize(op.q0)
        .vectorize(op.i)
        .vectorize(op.half)
        .unroll(op.q2)
        .unroll(op.q1);
    op.quads.store_in(MemoryType::Register)
        .compute_at(block)
        .align_storage(op.half, kApart / 4)
        .vectorize(op.q0)
        .vectorize(op.q1)
        .vectorize(op.half)
        .unroll(op.q2);
    op.whole.store_in(MemoryType::Register)
        .compute_at(block)
        .vectorize(op.q0)
        .vectorize(op.q1)
        .vectorize(op.q2);
}

} // namespace

void schedule(AggregationGradWeight &op, const AggregationGradWeightKnobs &knobs,
              const Machine &machine, const Expr &given_rows) {
    const Expr rows_per_task = chosen(knobs.task_rows, given_rows);
    const int lanes = std::min(machine.lanes, kPartialSums);
    const Var yo("yo");
    op.out.split(op.y, yo, op.y, rows_per_task, TailStrategy::GuardWithIf)
        .reorder(op.t, op.x, op.y, op.g, yo, op.b)
        .fuse(yo, op.b, kTask)
        .parallel(kTask)
        .vectorize(op.t, lanes, TailStrategy::GuardWithIf);
    // With any window the places of eight taps stay in registers along a row.
    const bool constant = op.constant_kernel != 0;
    op.taps.compute_at(op.out, constant ? op.x : op.y);
    // Every place is written once; Halide only does not see it in the sum of four loops.
    Stage fill = op.taps.update();
    fill.allow_race_conditions()
        .reorder(op.places[0], op.places[1], op.places[2], op.x, op.places[3])
        .vectorize(op.places[0])
        .vectorize(op.places[1])
        .vectorize(op.places[2]);
    block_of_taps(op, constant ? LoopLevel(op.taps, op.places[3]) : LoopLevel(op.taps, op.x),
                  lanes);
    op.padded.store_at(op.out, op.g).vectorize(op.ci, lanes);
    if (constant) {
        op.out.unroll(op.t);
        const int count = generators::tap_blocks(op.constant_kernel);
        op.taps.store_in(MemoryType::Stack).bound(op.t, 0, count * generators::kTapsAtOnce);
        if (knobs.unroll == 1) {
            fill.unroll(op.places[3]);
        }
        op.padded.compute_at(op.out, op.y)
            .fold_storage(op.y, ring_rows(op.constant_kernel))
            .reorder_storage(op.ci, op.x, op.y, op.g, op.b)
            .unroll(op.ci);
    } else {
        op.taps.store_at(op.out, op.g);
        op.padded.compute_at(op.out, op.g)
            .reorder_storage(op.ci, op.p, op.g, op.b)
            .align_bounds(op.ci, kPartialSums);
        op.padded_grad.compute_at(op.out, op.y)
            .store_at(op.out, op.g)
            .align_bounds(op.ci, kPartialSums)
            .vectorize(op.ci, lanes);
        op.reach.compute_root();
    }
}

} // namespace involute::schedules::cpu
