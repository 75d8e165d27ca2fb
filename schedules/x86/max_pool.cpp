// One pixel and group in registers; the 3x3 window at 112x112 takes 0.23 ms (AVX2, one thread, Zen
// 3), 0.3% of RedNet-50.
#include "schedules/x86/rows.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;

void schedule(generators::MaxPool &op, const Machine &machine, const Expr &rows_per_task) {
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, RowTiles{}, machine, rows_per_task);
    const Expr group_channels = group_size(op.out);
    accumulate_channels(op.largest, LoopLevel(op.out, step_loop(group_channels, op.g)), op.ci,
                        group_channels, machine, kAllSteps, {op.window.x, op.window.y});
}

} // namespace involute::schedules::x86
