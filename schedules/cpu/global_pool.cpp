// One group in registers while its pixels stream past.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;

void schedule(generators::GlobalPool &op, const Machine &machine) {
    const Var go("go");
    const Expr group_channels = group_size(op.out);
    specialize_channels(op.out, group_channels, kAllSteps, [&](Stage at, int step) {
        at.split(op.g, go, op.g, 1);
        cut_channels(at, op.ci, group_channels, step, {}, {op.g, go, op.b});
        at.fuse(go, op.b, go).parallel(go);
        vectorize_step(at, op.ci, step, machine);
    });
    accumulate_channels(op.sum, LoopLevel(op.out, step_loop(group_channels, kAllSteps, op.g)),
                        op.ci, group_channels, machine, kAllSteps, {op.pixels});
}

} // namespace involute::schedules::cpu
