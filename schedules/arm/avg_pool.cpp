// A step of 16 channels is four vectors.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::AvgPool &op, const Machine &machine,
              const Halide::Expr &pixels_per_task) {
    cpu::schedule(op, machine, pixels_per_task);
}

} // namespace involute::schedules::arm
