// How many operations a second the cores can do at best, measured with loops of nothing but (fused)
// multiply-adds, in pieces of a fraction of a millisecond.
#pragma once

#include <vector>

#include "involute/involute.h"

namespace involute {

constexpr int kPeakSamples = 400; // at least, before the timed loop and again after it

// GFLOP/s, or 10^9 integer operations a second, of each of `cores` cores, all busy at the same
// time; `samples` a core.
using PeakSamples = std::vector<std::vector<double>>;

// The instructions are those that kernels of `isa` and `dtype` may use. f32: multiply and add of 4
// lanes for the baseline, fused multiply-adds of 8 for AVX2 and of 16 for AVX-512. bf16: vdpbf16ps.
// i8 (unsigned by signed): vpdpbusd, on ARM sdot. Only call it for an instruction set that may run
// here. Empty where no loop exists, or this CPU lacks its instruction.
PeakSamples sample_peak(involute_isa isa, involute_dtype dtype, int cores, int samples);

// The sum over cores of the median of what was sampled before and after; 0 without samples.
double peak_gflops(const PeakSamples &before, const PeakSamples &after);

double median(std::vector<double> values);                // 0 without values
double geometric_mean(const std::vector<double> &values); // NaN without values

} // namespace involute
