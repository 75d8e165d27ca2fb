// The hand schedules for 64-bit ARM: NEON, 32 vectors of 4 (armv8-a, nothing newer). Each file
// tells what its op takes of a machine and what it reaches.
#pragma once

#include "schedules/cpu/schedules.h"

namespace involute::schedules::arm {

using cpu::InvolutionCut;
using cpu::ProductCut;

#include "schedules/hand_schedules.inc"

} // namespace involute::schedules::arm
