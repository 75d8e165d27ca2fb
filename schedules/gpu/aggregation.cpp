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

void schedule(Aggregation &op, generators::StagedKernels &kernels, const WindowKnobs &knobs) {
    const Var block = window(op, knobs);
    // Neighbouring threads have neighbouring taps, as memory has.
    const Var tap("tap"), to("to"), tt("tt"), pixel("pixel"), po("po"), pt("pt");
    const int threads = 16 / knobs.channels * (knobs.width / knobs.pixels);
    kernels.staged.compute_at(op.out, block)
        .store_in(MemoryType::GPUShared)
        .reorder(kernels.kx, kernels.ky, kernels.x, kernels.y)
        .fuse(kernels.kx, kernels.ky, tap)
        .fuse(kernels.x, kernels.y, pixel)
        .split(tap, to, tt, threads, TailStrategy::GuardWithIf)
        .split(pixel, po, pt, knobs.height, TailStrategy::GuardWithIf)
        .reorder(tt, pt, to, po, kernels.g, kernels.b)
        .gpu_threads(tt, pt);
}

} // namespace involute::schedules::gpu
