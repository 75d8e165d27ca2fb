// How a layer's work is cut into tasks for the threads. The one place that decides it; a cut never
// changes a bit of the result.
#pragma once

#include <cstdint>

#include "core/registry.h"

namespace involute {

// What is cut: `blocks` of NR output channels times `pixels` (of one image) times `images` for
// conv2d, rows of `rows` for everything else. The point form sees a whole batch as one image.
struct WorkShape {
    int64_t blocks = 1, pixels = 1, rows = 1, images = 1;
};

struct Partition {
    int32_t tiles_per_task = 1; // conv2d: pixel tiles
    int32_t rows_per_task = 1;  // the ops that go by rows
    int64_t tasks = 1;
};

Partition cut_work(const KernelEntry &kernel, const WorkShape &work, int threads);

} // namespace involute
