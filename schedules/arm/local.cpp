// Registers: 2 images x 8 vectors of outputs; weights come from memory, which is the limit.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Local &op, const LocalKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::arm
