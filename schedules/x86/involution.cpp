// Registers of the aggregation: AVX2 4 or 5 pixels x 2 vectors (8 or 10 accumulators, the columns
// that neighbouring taps share, 1 weight of 16), AVX-512 up to 14 x 1 of 32. L2: the kernels of a
// block of rows (3/8 of the cache) and the rows of one group's plane, of which L1 holds 7 where a
// row has up to 60 pixels. Share of peak with everything in the caches, one thread, Zen 5, AVX-512
// / AVX2: 64@56 68 / 82%, 128@28 76 / 88, 256@14 83 / 92, 512@7 89 / 86, stride 2 52 / 69, 64 / 78,
// 78 / 81, 3x3 32@112 33 / 55. Zen 3, AVX2: 69, 68, 81, 68, stride 2 52, 59, 66. AVX-512 loads a
// weight a multiply-add, and two loads a cycle leave 83% to the aggregation. Tried without gain:
// kernels laid out by block (1 point for a quarter more to compile), prefetching them, strips of x,
// AVX2 tiles of 6.
#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

void schedule(generators::Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const InvolutionCut &cut, Halide::Pipeline pipeline) {
    cpu::schedule(op, knobs, machine, cut, pipeline);
}

} // namespace involute::schedules::x86
