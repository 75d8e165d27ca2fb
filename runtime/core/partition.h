// How a layer's work is cut into tasks for the threads. The one place that decides it; a cut never
// changes a bit of the result.
#pragma once

#include <cstdint>

#include "core/registry.h"

namespace involute {

// What is cut. The point form of conv2d sees a whole batch as one image.
struct WorkShape {
    int64_t images = 1;
    int64_t rows = 1, width = 1; // of an output image; convolutions cut its pixels as one axis
    int64_t blocks = 1;          // of NR output channels (kernel generation, involution: of the
                                 // values of a pixel's kernels)
    int64_t groups = 1;          // involution: of channels, which are aggregated one after another
    int64_t depth = 1;           // reduction steps of an output value of the product; gradients:
                                 // input rows that neighbouring tasks share
    int64_t input_floats = 1;    // of the input, per output pixel; involution: per input pixel;
                                 // gradients: of one group
    int64_t stride = 1;          // involution, gradients
    int64_t border = 0;          // rows of the input that a row needs beside its own

    int64_t pixels() const {
        return rows * width;
    }
};

// The cut as kernels take it (docs/kernel-interface.md), and what it comes to. An op uses the
// figures that its kernels have arguments for.
struct Partition {
    int32_t pixels_per_task = 1, blocks_per_task = 1;
    int32_t rows_per_task = 1, rows_per_block = 1, images_per_task = 1;
    int32_t threads_per_task = 1; // share the kernel's inner loops
    int64_t tasks = 1;
};

// Where the system does not tell it. glibc does not on ARM, where Neoverse-N1 and its successors
// have 1 or 2 MB.
#if defined(__aarch64__)
constexpr int64_t kUsualL2Bytes = 1 << 20;
#else
constexpr int64_t kUsualL2Bytes = 512 << 10;
#endif

// What work is cut for.
struct Cores {
    int threads;
    int64_t l2_bytes; // of a core

    Cores(int threads, int64_t l2_bytes = kUsualL2Bytes) : threads(threads), l2_bytes(l2_bytes) {}
};

// Of a core of this machine; at least 256 KB and at most 2 MB.
int64_t l2_cache_bytes();

Partition cut_work(const KernelEntry &kernel, const WorkShape &work, const Cores &cores);

} // namespace involute
