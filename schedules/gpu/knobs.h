// The numbers that the schedules of devices leave open, per device interface. What rules a
// combination out: more than 1024 threads in a block, or more than 48 KiB of memory on the chip
// (Halide's CUDA runtime launches no more).
#pragma once

#include <string>
#include <vector>

#include "schedules/knobs.h"

namespace involute::schedules::gpu {

inline constexpr int kWarp = 32, kMaxThreads = 1024;

inline std::string threads_violation(int threads) {
    return threads > kMaxThreads ? std::to_string(threads) + " threads in a block, at most " +
                                       std::to_string(kMaxThreads)
                                 : "";
}

// Ops that compute one value a thread.
struct MapKnobs {
    int channels = 16; // neighbours in memory are neighbours in a warp
    int pixels = 8;

    std::vector<Knob> list() {
        return {
            {"channels", &channels, 1, 128, "channels that a block of threads computes",
             Tried::kPowers},
            {"pixels", &pixels, 1, 64, "pixels that a block of threads computes", Tried::kPowers}};
    }
    std::string violation() const {
        return threads_violation(channels * pixels);
    }
};

// Products over channels: a warp has neighbouring channels of the same pixels, so that an input is
// one load for all of it.
struct ProductKnobs {
    int lanes = 0;    // 1: a block is one warp, which copies the inputs to memory on the chip
    int channels = 2; // of a thread; with lanes 1
    int pixels = 8;   // of a thread
    int rows = 4;     // of threads, each with pixels of its own; with lanes 1
    int unroll_k = 4;
    int chunk = 16; // reduction steps whose inputs are on the chip, with lanes

    // Only CUDA has lanes that keep their sums while they share memory; a block of columns is a
    // warp then.
    static ProductKnobs defaults(const std::string &isa, int columns = kWarp) {
        ProductKnobs knobs;
        if (isa == "cuda" && columns == kWarp) {
            knobs.lanes = 1, knobs.pixels = 24, knobs.unroll_k = 8;
        } else if (isa == "cuda") {
            knobs.pixels = 4, knobs.unroll_k = 2; // each takes two registers for its address
        }
        return knobs;
    }
    static ProductKnobs conv2d(const std::string &isa, const std::string &form, int columns) {
        ProductKnobs knobs = defaults(isa, columns);
        if (knobs.lanes != 0 && form != "window") {
            knobs.unroll_k = 16, knobs.chunk = kWarp;
        }
        return knobs;
    }
    std::vector<Knob> list() {
        return {
            {"lanes", &lanes, 0, 1, "1: a block is a warp that keeps its inputs on the chip"},
            {"channels", &channels, 1, 4, "output channels of a thread", Tried::kPowers},
            {"pixels", &pixels, 1, 64, "pixels of a thread"},
            {"rows", &rows, 1, 16, "warps of a block, each with pixels of its own", Tried::kPowers},
            {"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the inner loop",
             Tried::kPowers},
            {"chunk", &chunk, 4, 64, "reduction steps whose inputs are on the chip",
             Tried::kPowers}};
    }
    std::string violation() const {
        return threads_violation(kWarp * rows);
    }
};

struct DenseKnobs {
    int unroll_k = 8;

    std::vector<Knob> list() {
        return {{"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the inner loop",
                 Tried::kPowers}};
    }
    std::string violation() const {
        return "";
    }
};

// Aggregations of constant windows over a tile of width x height pixels of one group.
struct WindowKnobs {
    int lanes = 0;    // 1: a block is one warp
    int channels = 4; // of a thread
    int pixels = 4;   // of a thread, in a row
    int width = 8, height = 8;
    int channel_stride = 20; // between pixels of the input on the chip: spreads them over the banks
    int taps = 21;           // of kernels that a thread generates at once
    ProductKnobs product;    // of hidden units

    // stride 0: run time.
    static WindowKnobs defaults(const std::string &isa, int kernel, int stride) {
        WindowKnobs knobs;
        knobs.product = ProductKnobs::defaults(isa);
        if (knobs.product.lanes == 0) {
            return knobs;
        }
        knobs.lanes = 1, knobs.height = 4;
        knobs.product.pixels = 16, knobs.product.unroll_k = 16;
        if (stride == 0) { // takes registers of its own
            knobs.pixels = 2, knobs.height = 2;
        } else if (stride == 1 && kernel > 3) { // a pixel more is a column more of the input
            knobs.pixels = 8, knobs.channels = 2, knobs.channel_stride = 24;
        }
        return knobs;
    }
    int threads() const { // of a block
        return 16 / channels * (width / pixels) * height;
    }
    std::vector<Knob> list() {
        return {
            {"lanes", &lanes, 0, 1, "1: a block is one warp"},
            {"channels", &channels, 1, 16, "channels of a thread", Tried::kPowers},
            {"pixels", &pixels, 1, 16, "pixels of a thread, neighbours in a row", Tried::kPowers},
            {"width", &width, 1, 64, "pixels of a tile in a row", Tried::kPowers},
            {"height", &height, 1, 64, "rows of a tile", Tried::kPowers},
            {"channel_stride", &channel_stride, 16, 32,
             "values between pixels of the input on the chip"},
            {"taps", &taps, 1, 64, "taps of kernels that a thread generates at once"},
            {"hidden_pixels", &product.pixels, 1, 64, "pixels of a thread, of hidden units"},
            {"unroll_k", &product.unroll_k, 1, 16,
             "reduction steps in one turn of the inner loop, of hidden units", Tried::kPowers},
            {"chunk", &product.chunk, 4, 64, "reduction steps whose inputs are on the chip",
             Tried::kPowers}};
    }
    std::string violation() const {
        if (width % pixels != 0 || 16 % channels != 0) {
            return "pixels and channels must divide the tile";
        }
        return lanes != 0 && threads() != kWarp
                   ? "a tile of " + std::to_string(threads()) + " threads is no warp"
                   : threads_violation(threads());
    }
};

} // namespace involute::schedules::gpu
