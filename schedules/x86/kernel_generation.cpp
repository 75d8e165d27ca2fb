// Registers as in conv2d.cpp; AVX-512 takes two blocks of 16 columns x 7 pixels, of a lone
// block 14. L2: hidden units and kernels of a block of rows. The products of an involution run at
// 90 to 97% of peak (Zen 5, AVX-512, one thread; 78 to 95 on Zen 3 with AVX2), padded columns
// included; pooling is 9 to 12% of the time at stride 2.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::KernelGeneration &op, const KernelGenerationKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task,
              Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, pixels_per_task, pipeline);
}

} // namespace involute::schedules::x86
