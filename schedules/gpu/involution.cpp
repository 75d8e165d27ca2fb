#include <algorithm>

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
        op.pool.out.compute_root();
        schedule(op.pool, MapKnobs());
    }
    if (!op.bottleneck) {
        return;
    }
    op.hidden.compute_root().reorder_storage(op.p, op.u, op.b);
    const Columns columns{op.u, op.u, true, 16};
    if (knobs.lanes == 0) {
        product(op.hidden, op.hidden_sum, columns, op.p, {op.b}, {op.channels.x}, knobs);
        return;
    }
    const RVar chunk =
        staged_product(op.hidden, op.hidden_sum, columns, op.p, {op.b}, {op.channels.x}, knobs);
    stage(op.values, op.k, op.p, op.hidden_sum, chunk, knobs);
}

} // namespace

void schedule(InvolutionMap &op, const WindowSize &size, const WindowKnobs &knobs) {
    const Var tile = window(op.aggregation, size, knobs);
    inputs(op, knobs.product);
    // A thread has one pixel and some rows of taps.
    const int rows = std::min(size.kernel, std::max(1, knobs.taps / size.kernel));
    const Var kt("kt"), ko("ko"), pixel("pixel");
    Func &kernels = op.kernels, &sum = op.kernel_sum;
    kernels.compute_at(op.aggregation.out, tile)
        .store_in(MemoryType::GPUShared)
        .bound_extent(op.x, knobs.width)
        .bound_extent(op.y, knobs.height)
        .split(op.ky, ko, kt, rows, TailStrategy::RoundUp)
        .reorder(op.kx, kt, op.x, op.y, ko, op.g, op.b)
        .fuse(op.x, op.y, pixel)
        .unroll(op.kx)
        .unroll(kt);
    threads(kernels, pixel, knobs);
    const RVar &depth = op.bottleneck ? op.units.x : op.channels.x;
    sum.store_in(MemoryType::Register).unroll(op.kx).unroll(op.ky);
    if (knobs.lanes == 0) {
        sum.compute_at(kernels, pixel);
        sum.update().reorder(op.kx, op.ky, depth).unroll(op.kx).unroll(op.ky);
        return;
    }
    const RVar chunk("chunk"), step("step");
    sum.compute_at(kernels, ko).bound(op.i, 0, kWarp).reorder(op.kx, op.ky, op.i).gpu_lanes(op.i);
    sum.update()
        .split(depth, chunk, step, knobs.product.chunk)
        .reorder(op.kx, op.ky, step, op.i, chunk)
        .gpu_lanes(op.i)
        .unroll(op.kx)
        .unroll(op.ky)
        .never_partition_all();
    const Var tap("tap"), to("to"), tt("tt");
    op.columns.compute_at(sum, chunk)
        .store_in(MemoryType::GPUShared)
        .fuse(op.kx, op.ky, tap)
        .split(tap, to, tt, kWarp, TailStrategy::GuardWithIf)
        .gpu_lanes(tt);
}

// Windows of any size: a value a thread, the kernels of a block in global memory, whatever they
// take.
void schedule(InvolutionMap &op, const ProductKnobs &hidden, const MapKnobs &knobs) {
    generators::Aggregation &sums = op.aggregation;
    inputs(op, hidden);
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
