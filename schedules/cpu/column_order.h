// The multiply-adds of a row of taps, one column of the input after another.
#pragma once

#include "Halide.h"

namespace involute::schedules::cpu {

// A lowering pass for a tile of neighbouring pixels whose row of taps is unrolled. Pixel x takes
// column x + k of the input for tap k, in the gradient column x - k; Halide unrolls tap by tap, so
// that as many columns as the tile has pixels are alive at once. In the order of the columns one
// is, and the order of every sum stays. NEON, K = 7, 7 pixels x 2 vectors: without it 14 registers
// for columns beside the 14 accumulators, which LLVM's scheduler spills.
class ColumnOrder : public Halide::Internal::IRMutator {
public:
    enum Columns { kRising = 1, kFalling = -1 }; // with the taps
    // `sum`: the Func of the accumulators, with so many `channels` a pixel.
    ColumnOrder(const Halide::Func &sum, int channels, Columns columns)
        : sum_(sum.name()), channels_(channels), columns_(columns) {}

private:
    using Halide::Internal::IRMutator::visit;
    Halide::Internal::Stmt visit(const Halide::Internal::Block *block) override;

    const std::string sum_;
    const int channels_;
    const Columns columns_;
};

} // namespace involute::schedules::cpu
