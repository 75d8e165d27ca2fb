// Eight lanes are two vectors.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Softmax &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, machine, rows_per_task);
}

} // namespace involute::schedules::arm
