// The sum of one pixel and one step of channels in registers.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/stages.h"

namespace involute::schedules::cpu {

using namespace Halide;

void compute_sum(generators::AvgPool &op, const Expr &group_channels, const Machine &machine) {
    accumulate_channels(op.sum, LoopLevel(op.out, step_loop(group_channels, kAllSteps, op.g)),
                        op.ci, group_channels, machine, kAllSteps, {op.window.x, op.window.y});
}

void schedule(generators::AvgPool &op, const Machine &machine, const Expr &pixels_per_task) {
    const Var po("po");
    const Expr group_channels = group_size(op.out);
    specialize_channels(op.out, group_channels, kAllSteps, [&](Stage at, int step) {
        at.split(op.p, po, op.p, pixels_per_task, TailStrategy::GuardWithIf);
        cut_channels(at, op.ci, group_channels, step, {}, {op.g, op.p, po, op.b});
        at.fuse(po, op.b, kTask).parallel(kTask);
        vectorize_step(at, op.ci, step, machine);
    });
    compute_sum(op, group_channels, machine);
}

} // namespace involute::schedules::cpu
