// The inventory as data for the emit program.
#pragma once

#include <string>
#include <vector>

namespace involute::emit {

struct Row {
    const char *name, *op, *form;
    int kernel, stride, group_channels, channels;
    // Packing width per ISA, 0: not built; `gpu`: OpenCL and CUDA.
    int baseline, avx2, avx512, neon, gpu;

    // The Generator class that builds it.
    std::string generator() const {
        const std::string name = op, shape = form;
        const bool grouped = shape == "grouped" || shape == "depthwise";
        return name + (name == "conv2d" && grouped ? "_grouped" : "");
    }
    int packing(const std::string &isa) const {
        return isa == "baseline"                  ? baseline
               : isa == "avx2"                    ? avx2
               : isa == "avx512"                  ? avx512
               : isa == "neon"                    ? neon
               : isa == "opencl" || isa == "cuda" ? gpu
                                                  : 0;
    }
};

const std::vector<Row> &rows();

// A row that is not in the inventory, from its columns there: "name, op, form, 5, 1, 8, 0, 16, 16,
// 16, 16, 0". Throws std::runtime_error that tells what is wrong.
Row row_from_text(const std::string &text);

} // namespace involute::emit
