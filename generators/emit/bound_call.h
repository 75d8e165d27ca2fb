// A kernel for one call only: the extents and strides of all its tensors become constants, which
// are the estimates of an autoscheduler as well.
#pragma once

#include <string>

#include "Halide.h"

namespace involute::emit {

// `call`: what the runtime's KernelCall::text says, one item an argument, separated by ';':
// "extent:stride,..." of a tensor, innermost first, "i3" a number, "f" a float, "t" how the work is
// cut. Throws Halide::CompileError where it does not fit the arguments. Numbers stay arguments;
// they only become estimates.
void bind_call(Halide::Internal::AbstractGenerator &generator, const std::string &call);

} // namespace involute::emit
