// Every weight is used once an image, so weights stream from memory and that is the limit: a task
// is rows of all images, and what is read of a pixel's weights, a few whole cache lines at a time,
// serves a tile of images. One thread, 64@14x14, 3x3, one group (29 MB), Zen 4: AVX2 0.79 ms,
// AVX-512 0.60; 4 images 1.3 and 0.76. One vector of outputs at a time took 2.9 and 3.2.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Local &op, const LocalKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::x86
