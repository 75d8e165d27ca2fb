// Registers and figures as in conv2d.cpp: 210 instructions for 160 multiply-adds.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::KernelGeneration &op, const KernelGenerationKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task,
              Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, pixels_per_task, pipeline);
}

} // namespace involute::schedules::arm
