// A tile of 8 pixels of one group, or of 8 groups of one pixel, at a time, its taps in L1: the
// trees over the 8 partial sums are vectors over the tile. Without tiles (narrow maps of few
// groups) they are scalars, which takes longer than all powers of a small window.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Softmax &op, const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, machine, rows_per_task);
}

} // namespace involute::schedules::x86
