// Wisdom in libraries that `involute compile` writes.
#pragma once

#include "autotune/wisdom.h"
#include "compile_library.h"

namespace involute {

// Adds tuned kernels to a library of hand kernels: of a network for the calls of its layers at its
// size and batch, of an operator in place of its own kernel. Layers without wisdom, and instruction
// sets that this CPU cannot plan for, keep the hand schedule's numbers; a line on stderr says how
// many of each there are.
void add_tuned_kernels(const autotune::Wisdom &wisdom, Library *library);

} // namespace involute
