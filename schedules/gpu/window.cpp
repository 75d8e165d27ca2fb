#include "schedules/gpu/window.h"

namespace involute::schedules::gpu {

using namespace Halide;

Var window(generators::Aggregation &op, const WindowKnobs &knobs) {
    const Var ct("ct"), cv("cv"), xo("xo"), xt("xt"), xi("xi"), yo("yo"), yt("yt"), lane("lane"),
        tile("tile");
    const TailStrategy guard = TailStrategy::GuardWithIf;
    op.out.split(op.ci, ct, cv, knobs.channels)
        .split(op.x, xo, xt, knobs.width, guard)
        .split(xt, xt, xi, knobs.pixels, guard)
        .split(op.y, yo, yt, knobs.height, guard)
        .reorder(cv, xi, ct, xt, yt, xo, yo, op.g, op.b)
        .fuse(ct, xt, lane)
        .fuse(xo, yo, tile)
        .gpu_threads(lane, yt)
        .gpu_blocks(tile, op.g, op.b)
        .unroll(cv) // Halide 21 has no strict select of vectors on devices
        .unroll(xi);
    const RVar &kx = op.taps.x, &ky = op.taps.y;
    op.sum.compute_at(op.out, lane)
        .store_in(MemoryType::Register)
        .bound_extent(op.x, knobs.pixels)
        .vectorize(op.ci, knobs.channels)
        .unroll(op.x);
    op.sum.update()
        .reorder(op.ci, op.x, kx, ky)
        .vectorize(op.ci, knobs.channels)
        .unroll(op.x)
        .unroll(kx);

    const int threads = 16 / knobs.channels * (knobs.width / knobs.pixels);
    const Var piece("piece"), po("po"), pt("pt"), yr("yr"), yy("yy");
    op.padded.compute_at(op.out, tile)
        .store_in(MemoryType::GPUShared)
        .align_storage(op.ci, knobs.channel_stride)
        .split(op.ci, ct, cv, 4)
        .reorder(cv, ct, op.x, op.y, op.g, op.b)
        .fuse(ct, op.x, piece)
        .split(piece, po, pt, threads, guard)
        .split(op.y, yr, yy, knobs.height, guard)
        .reorder(cv, pt, yy, po, yr, op.g, op.b)
        .gpu_threads(pt, yy)
        .vectorize(cv)
        .reorder_storage(op.ci, op.x, op.y, op.g, op.b);
    return tile;
}

} // namespace involute::schedules::gpu
