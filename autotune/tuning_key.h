// What is tuned, and what wisdom is looked up by: one layer's shape on one instruction set.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace involute::autotune {

// Sorted keys: the same contents are the same text.
using Json = nlohmann::json;

// A layer as its session has it. Sizes are of its input; 0 where an op has no such figure.
struct TuningKey {
    std::string op, form; // of its row in generators/inventory.def
    std::string isa, dtype = "f32";
    int64_t kernel_height = 1, kernel_width = 1, stride = 1, dilation = 1, upsample = 1;
    int64_t in_channels = 0, out_channels = 0, groups = 1;
    int64_t group_channels = 0; // of the involution family
    int64_t hidden = 0;         // units of the bottleneck of kernel generation
    int64_t packing = 0;        // NR, the width of a packed block of weights
    bool generic = false;       // its row takes groups of any size
    int64_t height = 0, width = 0, batch = 1;
    int threads = 1;
};

bool operator==(const TuningKey &a, const TuningKey &b);
// Field by field, numbers as numbers; the order of wisdom.
bool operator<(const TuningKey &a, const TuningKey &b);

// One field a member, all of them.
Json to_json(const TuningKey &key);
// Throws std::invalid_argument naming the field that is missing, unknown, of another type or out of
// range (sizes 0 .. 2^31-1).
TuningKey key_from_json(const Json &json);

// For people: "involution 64@56x56 k7 s1 g16, avx512, 1 thread".
std::string text_of(const TuningKey &key);

// How far apart two shapes are for the same knobs: the sum over channels (in, out, hidden), height,
// width, batch and threads of |log2 a/b|. Infinity where knobs do not mean the same: another op,
// form, instruction set, type, window, stride, dilation, upsample, groups, group size, packing, a
// generic row; and where one size is 0 and the other is not.
double distance(const TuningKey &a, const TuningKey &b);

} // namespace involute::autotune
