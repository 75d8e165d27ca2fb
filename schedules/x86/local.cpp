// Every weight is used once an image, so weights stream from memory and that is the limit: a task
// is rows of all images, and what is read of a pixel's weights, a few whole cache lines at a time,
// serves a tile of images. One thread, 64@14x14, 3x3, one group (29 MB), Zen 4: AVX2 0.79 ms,
// AVX-512 0.60; 4 images 1.3 and 0.76. One vector of outputs at a time took 2.9 and 3.2.
#include "schedules/x86/rows.h"
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

using namespace Halide;

void schedule(generators::Local &op, const LocalKnobs &knobs, const Machine &machine,
              const Expr &given_rows) {
    const Expr rows_per_task = chosen(knobs.task_rows, given_rows);
    auto &[o, g, x, y, b, e, padded, window, sum, out] = op;
    const Var bo("bo"), bi("bi");
    const Expr outputs = group_size(out), batch = out.output_buffer().dim(4).extent();
    std::vector<int> steps = kAllSteps;
    if (knobs.outputs > steps[0]) {
        steps.insert(steps.begin(), knobs.outputs);
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

} // namespace involute::schedules::x86
