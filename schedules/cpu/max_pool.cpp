// The largest of one pixel and one step of channels in registers.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;

void schedule(generators::MaxPool &op, const Machine &machine, const Expr &rows_per_task) {
    rows(op.out, op.ci, op.g, op.x, op.y, op.b, RowTiles{}, machine, rows_per_task);
    const Expr group_channels = group_size(op.out);
    accumulate_channels(op.largest, LoopLevel(op.out, step_loop(group_channels, kAllSteps, op.g)),
                        op.ci, group_channels, machine, kAllSteps, {op.window.x, op.window.y});
}

} // namespace involute::schedules::cpu
