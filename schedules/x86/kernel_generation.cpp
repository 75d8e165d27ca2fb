// Registers as in conv2d.cpp. L2: hidden units and kernels of a block of rows. The products of an
// involution run at 78 to 95% of peak (AVX2, one thread, Zen 3); pooling is 9 to 12% of the time at
// stride 2.
#include "schedules/x86/product.h"
#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::AvgPool;
using generators::KernelGeneration;

namespace {

constexpr int kPixelsAtOnce = 16; // of a parallel loop: some microseconds of work

void pool(AvgPool &op, const LoopLevel &block, const Machine &machine) {
    const Var pb("pb");
    op.out.compute_at(block)
        .split(op.p, pb, op.p, kPixelsAtOnce, TailStrategy::GuardWithIf)
        .reorder(op.ci, op.g, op.p, pb, op.b)
        .parallel(pb)
        .vectorize(op.ci, machine.lanes)
        .unroll(op.ci);
    compute_sum(op, machine);
}

// A product of a block: NR columns stay, pixels stream past in tiles; the columns of a pixel lie
// together.
void product(Func out, Func sum, const KernelGeneration &op, const std::vector<RVar> &order,
             const LoopLevel &block, int pixels, int unroll_k, const Machine &machine) {
    const Var po("po"), pi("pi");
    out.compute_at(block)
        .split(op.p, po, pi, pixels, TailStrategy::RoundUp)
        .reorder(op.n, pi, po, op.no, op.b)
        .parallel(op.no)
        .vectorize(op.n, machine.lanes)
        .unroll(op.n)
        .unroll(pi);
    sum.compute_at(out, po);
    accumulate_in_registers(sum, op.n, op.p, order, machine, unroll_k);
}

std::vector<RVar> channels(const KernelGeneration &op) {
    return {op.channels.x, op.channels.y};
}

std::vector<RVar> inputs(const KernelGeneration &op) {
    return op.bottleneck ? std::vector<RVar>{op.units.x, op.units.y} : channels(op);
}

void compute_inputs(KernelGeneration &op, const LoopLevel &block, int pixels, int unroll_k,
                    const Machine &machine) {
    if (op.pools) {
        pool(op.pool, block, machine);
    }
    if (op.bottleneck) {
        product(op.hidden, op.hidden_sum, op, channels(op), block, pixels, unroll_k, machine);
    }
}

} // namespace

void compute_kernels(KernelGeneration &op, const LoopLevel &block, int pixels, int unroll_k,
                     const Machine &machine) {
    compute_inputs(op, block, pixels, unroll_k, machine);
    product(op.out, op.sum, op, inputs(op), block, pixels, unroll_k, machine);
}

void schedule(KernelGeneration &op, const KernelGenerationKnobs &knobs, const Machine &machine,
              const Expr &pixels_per_task) {
    const Expr pixels = op.out.output_buffer().dim(2).extent();
    const Var po("po"), pi("pi"), pt("pt"), pb("pb");
    const auto cut = [&](Stage at, int tile) {
        at.split(op.p, po, pi, tile, TailStrategy::ShiftInwards)
            .split(po, pb, pt, (pixels_per_task + (tile - 1)) / tile, TailStrategy::GuardWithIf)
            .reorder({op.n, pi, pt, op.no, pb, op.b})
            .fuse(pb, op.b, kTask)
            .parallel(kTask)
            .vectorize(op.n, machine.lanes)
            .unroll(op.n)
            .unroll(pi);
    };
    cut(op.out.specialize(pixels >= knobs.pixels), knobs.pixels);
    cut(op.out, 1);
    op.sum.compute_at(op.out, pt);
    accumulate_in_registers(op.sum, op.n, op.p, inputs(op), machine, knobs.unroll_k);
    compute_inputs(op, LoopLevel(op.out, kTask), knobs.pixels, knobs.unroll_k, machine);
}

} // namespace involute::schedules::x86
