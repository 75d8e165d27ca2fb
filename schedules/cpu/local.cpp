// Weights that are used once an image: rows of all images a task, a tile of outputs and images in
// registers.
#include "schedules/cpu/rows.h"
#include "schedules/cpu/schedules.h"

namespace involute::schedules::cpu {

using namespace Halide;

void schedule(generators::Local &op, const LocalKnobs &knobs, const Machine &machine,
              const Expr &given_rows) {
    const Expr rows_per_task = chosen(knobs.task_rows, given_rows);
    auto &[o, g, x, y, b, e, padded, window, sum, out] = op;
    const Var bo("bo"), bi("bi");
    const Expr outputs = group_size(out), batch = out.output_buffer().dim(4).extent();
    Steps steps = kAllSteps;
    if (knobs.outputs > steps.any[0]) {
        steps.any.insert(steps.any.begin(), knobs.outputs);
    }
    const auto cut = [&](Stage at, int step, int images) {
        at.split(y, kTask, y, rows_per_task, TailStrategy::GuardWithIf)
            .split(b, bo, bi, images, TailStrategy::ShiftInwards);
        cut_channels(at, o, outputs, step, {bi, bo}, {g, x, y, kTask});
        at.parallel(kTask).unroll(bi);
        vectorize_step(at, o, step, machine);
    };
    specialize_channels(out, outputs, steps, [&](Stage at, int step) {
        if (knobs.images > 1) {
            cut(at.specialize(batch >= knobs.images), step, knobs.images);
        }
        cut(at, step, 1);
    });
    accumulate_channels(sum, LoopLevel(out, bo), o, outputs, machine, steps,
                        {b, window.x, window.y, window.z}, {b});
    padded.compute_root().vectorize(e, knobs.copy).fuse(y, b, y).parallel(y);
}

} // namespace involute::schedules::cpu
