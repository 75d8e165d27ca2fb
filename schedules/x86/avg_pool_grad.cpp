// One pixel and group at a time, nothing but memory to wait for.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::AvgPoolGrad &op, const Machine &machine,
              const Halide::Expr &rows_per_task) {
    cpu::schedule(op, machine, rows_per_task);
}

} // namespace involute::schedules::x86
