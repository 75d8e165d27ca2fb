// The aggregation of a tile of pixels by a block of threads, for constant windows.
#pragma once

#include "schedules/gpu/schedules.h"

namespace involute::schedules::gpu {

// The input of the tile lies on the chip; a thread keeps the sums of `pixels` neighbours x
// `channels` in registers. Returns the loop of one tile of one group.
Halide::Var window(generators::Aggregation &op, const WindowSize &size, const WindowKnobs &knobs);

// The threads of a block, for whatever else they do: as lanes of one warp where knobs.lanes says
// so.
void threads(Halide::Func stage, const Halide::Var &thread, const WindowKnobs &knobs);

} // namespace involute::schedules::gpu
