// Stages that kernel_generation, aggregation and involution have in common.
#pragma once

#include "schedules/x86/schedules.h"

namespace involute::schedules::x86 {

// The pooled input and the hidden units of one tile of pixels, at loop `tile` of `consumer`; their
// memory is taken once a task.
void compute_hidden(generators::KernelGeneration &op, const Halide::Func &consumer,
                    const Machine &machine);

// The accumulators of one tile of pixels and one group.
void compute_sum(generators::Aggregation &op, const Machine &machine, bool unroll_taps);

// The rows of the input that a task needs, with their border.
void compute_padded(generators::Aggregation &op, const Machine &machine);

} // namespace involute::schedules::x86
