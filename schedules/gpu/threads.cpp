#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

namespace {

// The loops of blocks, the inner ones first: those beyond the third axis go into the first, whose
// extent has the widest range. Returns the innermost.
Var blocks(Func out, std::vector<Var> loops) {
    while (loops.size() > 3) {
        const Var joined("block" + std::to_string(loops.size()));
        out.fuse(loops[0], loops[1], joined);
        loops.erase(loops.begin());
        loops[0] = joined;
    }
    for (const Var &loop : loops) {
        out.gpu_blocks(loop);
    }
    return loops[0];
}

} // namespace

Var one_warp(Func out, const Var &block) {
    const Var warp("warp");
    out.split(block, block, warp, 1).gpu_threads(warp);
    return warp;
}

Loops value_per_thread(Func out, const Var &channel, const Var &pixel, const std::vector<Var> &rest,
                       const MapKnobs &knobs) {
    const Var co("co"), ct("ct"), po("po"), pt("pt");
    out.split(channel, co, ct, knobs.channels, TailStrategy::GuardWithIf)
        .split(pixel, po, pt, knobs.pixels, TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order = {ct, pt};
    std::vector<Var> outer = {co, po};
    outer.insert(outer.end(), rest.begin(), rest.end());
    order.insert(order.end(), outer.begin(), outer.end());
    out.reorder(order).gpu_threads(ct, pt);
    return {ct, blocks(out, outer)};
}

void sum_in_thread(Func sum, Func out, const Var &thread) {
    sum.compute_at(out, thread).store_in(MemoryType::Register);
    sum.update().never_partition_all();
}

void product(Func out, Func sum, const Columns &columns, const Var &pixel,
             const std::vector<Var> &rest, const std::vector<RVar> &order,
             const ProductKnobs &knobs) {
    const Var nv("nv"), nt("nt"), no("no"), bt("bt"), bo("bo"), pi("pi"), pt("pt"), po("po"),
        lane("lane");
    const int lanes = columns.packing / knobs.channels; // of a block of columns
    const TailStrategy guard = TailStrategy::GuardWithIf;
    std::vector<Var> outer = {po, bo};
    outer.insert(outer.end(), rest.begin(), rest.end());
    std::vector<VarOrRVar> loops = {nv, pi, lane, pt};
    if (columns.flat) {
        // Outputs have whole blocks of columns; the guard of a lane stands before its sum.
        out.split(columns.n, nt, nv, knobs.channels, TailStrategy::RoundUp)
            .split(nt, bo, lane, kWarp, guard);
    } else {
        out.split(columns.n, nt, nv, knobs.channels)
            .split(columns.block, bo, bt, kWarp / lanes, guard);
        out.reorder(nv, nt, bt).fuse(nt, bt, lane);
    }
    loops.insert(loops.end(), outer.begin(), outer.end());
    out.split(pixel, po, pt, knobs.pixels * knobs.rows, guard)
        .split(pt, pt, pi, knobs.pixels, guard)
        .reorder(loops)
        .gpu_threads(lane, pt)
        .unroll(nv)
        .unroll(pi);
    blocks(out, outer);

    std::vector<VarOrRVar> inner = {columns.n, pixel};
    inner.insert(inner.end(), order.begin(), order.end());
    sum.compute_at(out, lane)
        .store_in(MemoryType::Register)
        .bound_extent(columns.n, knobs.channels)
        .bound_extent(pixel, knobs.pixels)
        .unroll(columns.n)
        .unroll(pixel);
    sum.update().reorder(inner).unroll(columns.n).unroll(pixel).never_partition_all();
    if (knobs.unroll_k > 1) {
        sum.update().unroll(order.front(), knobs.unroll_k);
    }
}

RVar staged_product(Func out, Func sum, const Columns &columns, const Var &pixel,
                    const std::vector<Var> &rest, const std::vector<RVar> &order,
                    const ProductKnobs &knobs) {
    const Var lane("lane"), no("no"), pi("pi"), po("po");
    const RVar chunk("chunk"), step("step");
    const TailStrategy guard = TailStrategy::GuardWithIf;
    std::vector<Var> outer = {po, columns.block};
    if (columns.flat) {
        out.split(columns.n, no, lane, kWarp, guard);
        outer[1] = no;
    }
    outer.insert(outer.end(), rest.begin(), rest.end());
    const Var n = columns.flat ? lane : columns.n;
    std::vector<VarOrRVar> loops = {pi, n, one_warp(out, outer.back())};
    loops.insert(loops.end(), outer.begin(), outer.end());
    out.split(pixel, po, pi, knobs.pixels, guard).reorder(loops).gpu_lanes(n).unroll(pi);
    const Var block = blocks(out, outer);

    constexpr int kVector = 4;
    sum.compute_at(out, block)
        .store_in(MemoryType::Register)
        .bound_extent(pixel, knobs.pixels)
        .bound_extent(columns.n, kWarp)
        .reorder(pixel, columns.n)
        .gpu_lanes(columns.n)
        .vectorize(pixel, kVector)
        .unroll(pixel);
    std::vector<VarOrRVar> inner = {pixel, step, columns.n, chunk};
    inner.insert(inner.end(), order.begin() + 1, order.end());
    sum.update()
        .split(order.front(), chunk, step, knobs.chunk)
        .reorder(inner)
        .gpu_lanes(columns.n)
        .vectorize(pixel, kVector)
        .unroll(pixel)
        .unroll(step, knobs.unroll_k)
        .never_partition_all();
    return chunk;
}

void stage(Func in, const Var &depth, const Var &pixel, Func sum, const RVar &chunk,
           const ProductKnobs &knobs) {
    const Var po("po"), pt("pt"), quad("quad"), lane("lane"), v("v");
    constexpr int kVector = 4;
    in.compute_at(sum, chunk)
        .store_in(MemoryType::GPUShared)
        .bound_extent(depth, knobs.chunk)
        .bound_extent(pixel, knobs.pixels)
        .reorder_storage(pixel, depth)
        .split(depth, quad, v, kVector)
        .split(pixel, po, pt, kWarp * kVector / knobs.chunk)
        .reorder(v, quad, pt, po)
        .fuse(quad, pt, lane)
        .gpu_lanes(lane)
        .vectorize(v)
        .unroll(po);
}

} // namespace involute::schedules::gpu
