// Registers: 12 pixels x one vector of output channels.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Conv2dGrouped &op, const Conv2dGroupedKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task) {
    cpu::schedule(op, knobs, machine, pixels_per_task);
}

} // namespace involute::schedules::arm
