// From a picture to the input of a network.
#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"
#include "io/image.h"

namespace involute {

// The defaults are the official ImageNet recipe: short edge to 256, centre crop of 224 x 224.
struct Preprocessing {
    enum class Mode { kCenterCrop, kStretch };
    Mode mode = Mode::kCenterCrop;
    int64_t short_edge = 256;
    int64_t height = 224, width = 224;
    float mean[3] = {123.675f, 116.28f, 103.53f}; // R, G, B in 0 .. 255
    float std[3] = {58.395f, 57.12f, 57.375f};
};

// {"mode": "center_crop" | "stretch", "short_edge", "size": [h, w], "mean": [3], "std": [3]}; what
// is missing keeps its default, "" is the ImageNet recipe. A stretch has no short_edge.
Status parse_preprocessing(const std::string &json, Preprocessing *out);

// The size of the network's input; height and width 0: what the recipe says.
Status preprocessed_size(const Preprocessing &recipe, int64_t height, int64_t width, int64_t *h,
                         int64_t *w);

// Bilinear without antialiasing, half-pixel centres, edges clamped; (v - mean) / std. center_crop
// rounds the resized values to whole levels, as the official recipe does on 8-bit pictures; stretch
// keeps them. `strides` of c, y, x.
Status preprocess(const Image &image, const Preprocessing &recipe, int64_t height, int64_t width,
                  float *values, const int64_t strides[3]);

} // namespace involute
