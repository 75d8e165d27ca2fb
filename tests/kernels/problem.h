// A kernel test case: which kernel, which sizes. It prints as one line, which INVOLUTE_CASE
// replays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/registry.h"
#include "oracle/bounds.h"

namespace involute::kernel_tests {

// The instruction set of this library that every CPU has.
#if defined(__aarch64__)
inline constexpr const char *kLowestIsa = "neon";
#else
inline constexpr const char *kLowestIsa = "baseline";
#endif

struct Problem {
    std::string row, isa;
    int64_t batch = 1, height = 1, width = 1;
    int64_t channels = 16, out_channels = 16; // out_channels: conv2d and dense
    int64_t kernel = 1, stride = 1;
    int64_t kernel_height = 0; // 0: kernel, a square
    int64_t dilation = 1, upsample = 1;
    int64_t group_channels = 16; // involution family
    int64_t conv_groups = 1;     // conv2d
    int64_t hidden = 0;
    int64_t relu = 0, residual = 0;
    // pixels_per_task or rows_per_task; blocks_per_task or rows_per_block; images_per_task;
    // threads_per_task
    int64_t cut = 1, cut_b = 1, cut_c = 1, cut_d = 1;
    int64_t gap =
        0; // values between the pixels (conv2d_window: the rows) of maps, input and output
    int64_t seed = 0;

    std::string text() const; // "row=... isa=... batch=1 ..."
    static bool parse(const std::string &text, Problem *problem);

    const KernelEntry *entry() const; // nullptr: not in this library

    int64_t out_height() const {
        return (height * upsample + stride - 1) / stride;
    }
    int64_t out_width() const {
        return (width * upsample + stride - 1) / stride;
    }
    oracle::Window window() const {
        return {kernel_height != 0 ? kernel_height : kernel, kernel};
    }
    int64_t groups() const {
        return channels / group_channels;
    }
    int64_t kernel_rows() const { // outputs of kernel generation
        return window().taps() * groups();
    }
};

// Row-major operands with the official shapes; empty where the op has none.
struct Operands {
    std::vector<float> input, residual, kernels, grad;
    std::vector<float> weight, bias, reduce_weight, reduce_bias, scale, shift;
};

// Random numbers from problem.seed, of a size that keeps the results near 1.
Operands random_operands(const Problem &problem);

// The result in the official order.
oracle::Bounded expected(const Problem &problem, const Operands &operands);

// One random problem for each turn, spread over the kernels of `op` that run here; sizes are small,
// so that every remainder of a tile is met often. The same turn gives the same problem.
// Of the kernels of `device`; AUTO: of the CPU's.
Problem random_problem(Op op, int64_t turn, involute_isa device = INVOLUTE_ISA_AUTO);

// Every op that has kernels.
const std::vector<Op> &all_ops();

// Whether it is a kernel of `device`; AUTO: of a CPU.
bool is_of(const KernelEntry &kernel, involute_isa device);

// The kernels of the op that this machine can run.
std::vector<const KernelEntry *> available_kernels(Op op, involute_isa device = INVOLUTE_ISA_AUTO);

} // namespace involute::kernel_tests
