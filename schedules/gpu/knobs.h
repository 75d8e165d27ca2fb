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
    int channels = 2; // of a thread
    int pixels = 16;  // of a thread
    int rows = 4;     // of threads, each with pixels of its own
    int unroll_k = 4;

    std::vector<Knob> list() {
        return {
            {"channels", &channels, 1, 4, "output channels of a thread", Tried::kPowers},
            {"pixels", &pixels, 1, 32, "pixels of a thread"},
            {"rows", &rows, 1, 16, "warps of a block, each with pixels of its own", Tried::kPowers},
            {"unroll_k", &unroll_k, 1, 16, "reduction steps in one turn of the inner loop",
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
    int channels = 4; // of a thread
    int pixels = 4;   // of a thread, in a row
    int width = 8, height = 8;
    int channel_stride = 20; // between pixels of the input on the chip: spreads them over the banks
    ProductKnobs product;    // of hidden units

    std::vector<Knob> list() {
        std::vector<Knob> knobs = {
            {"channels", &channels, 1, 16, "channels of a thread", Tried::kPowers},
            {"pixels", &pixels, 1, 16, "pixels of a thread, neighbours in a row", Tried::kPowers},
            {"width", &width, 1, 64, "pixels of a tile in a row", Tried::kPowers},
            {"height", &height, 1, 64, "rows of a tile", Tried::kPowers},
            {"channel_stride", &channel_stride, 16, 32,
             "values between pixels of the input on the chip"}};
        for (Knob &knob : product.list()) {
            knob.name = knob.name == std::string("channels") ? "hidden_channels"
                        : knob.name == std::string("pixels") ? "hidden_pixels"
                                                             : knob.name;
            knobs.push_back(knob);
        }
        return knobs;
    }
    std::string violation() const {
        return width % pixels != 0 || 16 % channels != 0
                   ? "pixels and channels must divide the tile"
                   : threads_violation(16 / channels * width / pixels * height);
    }
};

} // namespace involute::schedules::gpu
