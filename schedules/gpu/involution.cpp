#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"
#include "schedules/gpu/window.h"

namespace involute::schedules::gpu {

using namespace Halide;
using generators::InvolutionMap;

namespace {

// What kernels are generated from, for all groups at once: the pooled input and the hidden units.
void inputs(InvolutionMap &op, const ProductKnobs &knobs) {
    if (op.pools) {
        op.pooled.compute_root();
        const Var thread = value_per_thread(op.pooled, op.k, op.x, {op.y, op.b}, {}).thread;
        sum_in_thread(op.pool_sum, op.pooled, thread);
    }
    if (op.bottleneck) {
        const Columns columns{op.u, op.u, true, 16};
        op.hidden.compute_root().reorder_storage(op.x, op.y, op.u, op.b);
        product(op.hidden, op.hidden_sum, columns, op.x, {op.y, op.b}, {op.channels.x}, knobs);
    }
}

} // namespace

void schedule(InvolutionMap &op, const WindowKnobs &knobs) {
    const Var tile = window(op.aggregation, knobs);
    const int threads = 16 / knobs.channels * (knobs.width / knobs.pixels);
    inputs(op, knobs.product);
    // A thread has a row of taps for four pixels.
    const Var xi("xi"), quad("quad"), yt("yt"), yo("yo"), ko("ko"), kt("kt"), lane("lane");
    Func &kernels = op.kernels, &sum = op.kernel_sum;
    kernels.compute_at(op.aggregation.out, tile)
        .store_in(MemoryType::GPUShared)
        .bound_extent(op.x, knobs.width)
        .bound_extent(op.y, knobs.height)
        .split(op.x, quad, xi, 4)
        .split(op.ky, ko, kt, threads / (knobs.width / 4), TailStrategy::GuardWithIf)
        .reorder(xi, op.kx, quad, kt, op.y, ko, op.g, op.b)
        .fuse(quad, kt, lane)
        .gpu_threads(lane, op.y)
        .vectorize(xi)
        .unroll(op.kx);
    sum.compute_at(kernels, lane).store_in(MemoryType::Register).vectorize(op.x, 4).unroll(op.kx);
    const RVar &depth = op.bottleneck ? op.units.x : op.channels.x;
    sum.update().reorder(op.x, op.kx, depth).vectorize(op.x, 4).unroll(op.kx);
}

// Windows of any size: a value a thread, the kernels of a block in global memory, whatever they
// take.
void schedule(InvolutionMap &op, const MapKnobs &knobs) {
    generators::Aggregation &sums = op.aggregation;
    inputs(op, {});
    const auto [thread, block] =
        value_per_thread(sums.out, sums.ci, sums.x, {sums.g, sums.y, sums.b}, knobs);
    sum_in_thread(sums.sum, sums.out, thread);
    const Var tap("tap"), to("to"), tt("tt");
    op.kernels.compute_at(sums.out, block)
        .store_in(MemoryType::Heap)
        .fuse(op.kx, op.ky, tap)
        .split(tap, to, tt, knobs.channels, TailStrategy::GuardWithIf)
        .reorder(tt, op.x, to, op.y, op.g, op.b)
        .gpu_threads(tt, op.x);
    op.kernel_sum.compute_at(op.kernels, tt);
}

} // namespace involute::schedules::gpu
