// Recipes from JSON, and the resize that computes only the window of the crop.
#include "io/preprocess.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "io/json_fields.h"

namespace involute {

namespace {

constexpr int64_t kMaxEdge = 1 << 14;
// Wide enough for any recipe, and no input overflows a float.
constexpr float kMaxMean = 1e6f;
constexpr float kMinStd = 1e-6f;

// Where the pixels of one axis come from: two neighbours and the share of the second.
struct Sample {
    int64_t low, high;
    double share;
};

std::vector<Sample> samples(int64_t from, int64_t to, int64_t first, int64_t count) {
    std::vector<Sample> axis;
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    for (int64_t i = first; i < first + count; i++) {
        const double at = std::clamp((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0,
                                     static_cast<double>(from - 1));
        const int64_t low = static_cast<int64_t>(at);
        axis.push_back({low, std::min(low + 1, from - 1), at - static_cast<double>(low)});
    }
    return axis;
}

// round() of Python: halves go to the even neighbour.
int64_t crop_offset(int64_t size, int64_t crop) {
    return static_cast<int64_t>(std::nearbyint(static_cast<double>(size - crop) / 2));
}

} // namespace

Status parse_preprocessing(const std::string &text, Preprocessing *out) {
    Preprocessing recipe;
    if (!text.empty()) {
        JsonFields fields;
        INVOLUTE_RETURN_IF_ERROR(fields.parse(text, "preprocessing"));
        std::string mode = "center_crop";
        INVOLUTE_RETURN_IF_ERROR(fields.string("mode", &mode));
        if (mode != "center_crop" && mode != "stretch")
            return fields.must_be("mode", "\"center_crop\" or \"stretch\"");
        const bool crops = mode == "center_crop";
        recipe.mode = crops ? Preprocessing::Mode::kCenterCrop : Preprocessing::Mode::kStretch;
        std::vector<std::string> known = {"mode", "size", "mean", "std"};
        if (crops)
            known.push_back("short_edge");
        INVOLUTE_RETURN_IF_ERROR(fields.only(known, mode));
        INVOLUTE_RETURN_IF_ERROR(fields.integer("short_edge", 1, kMaxEdge, &recipe.short_edge));
        std::vector<int64_t> size = {recipe.height, recipe.width};
        INVOLUTE_RETURN_IF_ERROR(fields.integers("size", 2, 1, kMaxEdge, &size));
        recipe.height = size[0], recipe.width = size[1];
        INVOLUTE_RETURN_IF_ERROR(fields.numbers("mean", 3, -kMaxMean, kMaxMean, recipe.mean));
        INVOLUTE_RETURN_IF_ERROR(fields.numbers("std", 3, kMinStd, kMaxMean, recipe.std));
    }
    *out = recipe;
    return {};
}

Status preprocessed_size(const Preprocessing &recipe, int64_t height, int64_t width, int64_t *h,
                         int64_t *w) {
    *h = height == 0 ? recipe.height : height;
    *w = width == 0 ? recipe.width : width;
    if (*h < 1 || *w < 1 || *h > kMaxEdge || *w > kMaxEdge)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "size: expected 1 to %lld per edge, got %lldx%lld",
                             static_cast<long long>(kMaxEdge), static_cast<long long>(height),
                             static_cast<long long>(width));
    return {};
}

Status preprocess(const Image &image, const Preprocessing &recipe, int64_t height, int64_t width,
                  float *values, const int64_t strides[3]) {
    int64_t h = 0, w = 0;
    INVOLUTE_RETURN_IF_ERROR(preprocessed_size(recipe, height, width, &h, &w));
    const bool crops = recipe.mode == Preprocessing::Mode::kCenterCrop;
    int64_t resized_h = h, resized_w = w;
    if (crops) {
        // Another size than the recipe's keeps the share of the picture that the crop shows.
        const double grow = std::max(static_cast<double>(h) / static_cast<double>(recipe.height),
                                     static_cast<double>(w) / static_cast<double>(recipe.width));
        int64_t edge = std::llround(static_cast<double>(recipe.short_edge) * grow);
        const int64_t shorter = std::min(image.width, image.height);
        const auto fit = [&](int64_t side) { return edge * side / shorter; };
        while (fit(image.height) < h || fit(image.width) < w)
            edge++;
        resized_h = fit(image.height), resized_w = fit(image.width);
    }
    const std::vector<Sample> rows =
        samples(image.height, resized_h, crops ? crop_offset(resized_h, h) : 0, h);
    const std::vector<Sample> columns =
        samples(image.width, resized_w, crops ? crop_offset(resized_w, w) : 0, w);
    const auto pixel = [&](int64_t y, int64_t x, int64_t c) {
        return static_cast<double>(image.rgb[static_cast<size_t>(3 * (y * image.width + x) + c)]);
    };
    for (int64_t y = 0; y < h; y++) {
        const Sample &r = rows[static_cast<size_t>(y)];
        for (int64_t x = 0; x < w; x++) {
            const Sample &s = columns[static_cast<size_t>(x)];
            for (int64_t c = 0; c < 3; c++) {
                const double top =
                    pixel(r.low, s.low, c) * (1 - s.share) + pixel(r.low, s.high, c) * s.share;
                const double bottom =
                    pixel(r.high, s.low, c) * (1 - s.share) + pixel(r.high, s.high, c) * s.share;
                double value = top * (1 - r.share) + bottom * r.share;
                if (crops)
                    value = std::floor(value + 0.5);
                values[c * strides[0] + y * strides[1] + x * strides[2]] =
                    static_cast<float>((value - static_cast<double>(recipe.mean[c])) /
                                       static_cast<double>(recipe.std[c]));
            }
        }
    }
    return {};
}

} // namespace involute
