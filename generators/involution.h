// Involution: kernel generation and aggregation in one pipeline, so that the kernels of a tile of
// pixels are consumed at once and the kernel tensor is never stored.
#pragma once

#include "generators/aggregation.h"
#include "generators/kernel_generation.h"

namespace involute::generators {

struct Involution {
    KernelGeneration generation;
    Aggregation aggregation; // .out is the result
};

// The input, its size, the stride and the weights of `aggregation` are filled in here.
Involution involution(const KernelGenerationInputs &generation, AggregationInputs aggregation,
                      const Halide::Expr &group_channels);

} // namespace involute::generators
