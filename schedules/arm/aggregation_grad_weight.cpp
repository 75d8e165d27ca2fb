// Far from the limit: 8 partial sums are two vectors, and the tree that adds them is made of
// shuffles that LLVM spills around: 967 instructions for 98 multiply-adds (and as many
// multiplications), by llvm-mca 10% of the multiply-adders of Neoverse-N1 and 12 of V2. The tree
// alone takes 15 instructions for 16 products, so that half of the multiply-adders is the most
// there is. Tried: halves of two taps side by side (zip1, zip2), then neighbours (faddp), four taps
// at a time: 12 instructions a tap by count, but in the block of 49 taps LLVM loads and multiplies
// all first and spills as before (1042), a prefetch between blocks holds it up no more, and without
// strict_float it adds the tree in another order. A loop over blocks of eight taps spills nothing,
// but divides to find each tap: 245 instructions for 32 products.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::AggregationGradWeight &op, const AggregationGradWeightKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task) {
    cpu::schedule(op, knobs, machine, rows_per_task);
}

} // namespace involute::schedules::arm
