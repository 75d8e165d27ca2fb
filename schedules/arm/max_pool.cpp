// A step of 16 channels is four vectors.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::MaxPool &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, machine, rows_per_task);
}

} // namespace involute::schedules::arm
