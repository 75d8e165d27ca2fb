// The hand schedules for x86: AVX-512, AVX2 and SSE2. Each file tells what its op takes of a
// machine, registers and caches, and what it reaches there.
#pragma once

#include "schedules/cpu/schedules.h"

namespace involute::schedules::x86 {

using cpu::InvolutionCut;
using cpu::ProductCut;

#include "schedules/hand_schedules.inc"

} // namespace involute::schedules::x86
