#include "schedules/gpu/schedules.h"
#include "schedules/gpu/threads.h"
#include "schedules/gpu/window.h"

namespace involute::schedules::gpu {

using namespace Halide;
using generators::Aggregation;

void schedule(Aggregation &op, const MapKnobs &knobs) {
    const Var thread = value_per_thread(op.out, op.ci, op.x, {op.g, op.y, op.b}, knobs).thread;
    sum_in_thread(op.sum, op.out, thread);
    if (op.has_places) {
        op.column.compute_at(op.out, thread);
        op.row.compute_at(op.out, thread);
    }
}

void schedule(Aggregation &op, generators::StagedKernels &kernels, const WindowSize &size,
              const WindowKnobs &knobs) {
    const Var block = window(op, size, knobs);
    // Neighbouring threads have neighbouring taps, as memory has.
    const Var tap("tap"), to("to"), tt("tt");
    kernels.staged.compute_at(op.out, block)
        .store_in(MemoryType::GPUShared)
        .bound_extent(kernels.x, knobs.width)
        .bound_extent(kernels.y, knobs.height)
        .reorder(kernels.kx, kernels.ky, kernels.x, kernels.y)
        .fuse(kernels.kx, kernels.ky, tap)
        .split(tap, to, tt, knobs.threads(), TailStrategy::GuardWithIf)
        .reorder(tt, to, kernels.x, kernels.y, kernels.g, kernels.b)
        .never_partition_all();
    threads(kernels.staged, tt, knobs);
}

} // namespace involute::schedules::gpu
