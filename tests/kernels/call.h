// The argument list of a kernel for a test case, built from docs/kernel-interface.md and from
// nothing of the runtime but its packing, and one call of the kernel.
#pragma once

#include <string>
#include <vector>

#include "HalideRuntime.h"

#include "core/context.h"
#include "tests/kernels/guarded_buffer.h"
#include "tests/kernels/problem.h"

namespace involute::kernel_tests {

struct Argument {
    enum class Kind { kInt, kFloat, kBuffer };

    std::string name; // as the interface page has it
    Kind kind = Kind::kInt;
    int32_t integer = 0;
    float real = 0;
    uint8_t bits = 32; // of a buffer's float values
    std::vector<halide_dimension_t> dimensions;
    GuardedBuffer memory;
    const float *elsewhere = nullptr; // used instead of memory
};

// In order, less the user_context; the last one is the output, filled with NaN.
std::vector<Argument> make_arguments(const Problem &problem, const Operands &operands,
                                     Placement placement);

// The kernel's return value; its message is in the context.
int call_kernel(const KernelEntry &kernel, const std::vector<Argument> &arguments,
                KernelContext *context);

// The output in the official order.
std::vector<float> unpack_output(const Problem &problem, const Argument &output);

} // namespace involute::kernel_tests
