#include "schedules/gpu/window.h"

#include "schedules/gpu/threads.h"

namespace involute::schedules::gpu {

using namespace Halide;

void threads(Func stage, const Var &thread, const WindowKnobs &knobs) {
    if (knobs.lanes != 0) {
        stage.gpu_lanes(thread);
    } else {
        stage.gpu_threads(thread);
    }
}

Var window(generators::Aggregation &op, const WindowSize &size, const WindowKnobs &knobs) {
    const Var ct("ct"), cv("cv"), xo("xo"), xt("xt"), xi("xi"), yo("yo"), yt("yt"), lane("lane"),
        tile("tile");
    const TailStrategy guard = TailStrategy::GuardWithIf;
    op.out.split(op.ci, ct, cv, knobs.channels)
        .split(op.x, xo, xt, knobs.width, guard)
        .split(xt, xt, xi, knobs.pixels, guard)
        .split(op.y, yo, yt, knobs.height, guard)
        .reorder(cv, xi, ct, xt, yt, xo, yo, op.g, op.b)
        .fuse(ct, xt, lane)
        .fuse(lane, yt, lane)
        .fuse(xo, yo, tile)
        .gpu_blocks(tile, op.g, op.b)
        .unroll(cv) // Halide 21 has no strict select of vectors on devices
        .unroll(xi);
    threads(op.out, lane, knobs);
    if (knobs.lanes != 0) {
        op.out.reorder(lane, one_warp(op.out, op.g), tile, op.g);
    }
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
        .unroll(kx)
        .never_partition_all();

    const Var piece("piece"), po("po"), pt("pt");
    op.padded.compute_at(op.out, tile)
        .store_in(MemoryType::GPUShared)
        .align_storage(op.ci, knobs.channel_stride)
        .split(op.ci, ct, cv, 4)
        .reorder(cv, ct, op.x, op.y, op.g, op.b)
        .fuse(ct, op.x, piece)
        .split(piece, po, pt, knobs.threads(), guard)
        .reorder(cv, pt, po, op.y, op.g, op.b)
        .vectorize(cv)
        .reorder_storage(op.ci, op.x, op.y, op.g, op.b);
    if (size.stride != 0) {
        op.padded.bound_extent(op.x, (knobs.width - 1) * size.stride + size.kernel)
            .bound_extent(op.y, (knobs.height - 1) * size.stride + size.kernel);
    }
    threads(op.padded, pt, knobs);
    return tile;
}

} // namespace involute::schedules::gpu
