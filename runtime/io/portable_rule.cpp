#include "io/portable_rule.h"

#include <algorithm>
#include <cmath>

namespace involute {

namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

uint64_t fnv(const std::string &text) {
    uint64_t h = 0xCBF29CE484222325ull;
    for (unsigned char byte : text)
        h = (h ^ byte) * 0x100000001B3ull;
    return h;
}

} // namespace

PortableRule::PortableRule(const std::string &name, uint64_t seed, double centre, double half_width)
    : key_(mix(fnv(name) + seed * kGolden)), centre_(centre), half_width_(half_width) {}

float PortableRule::operator[](uint64_t i) const {
    const int64_t n = static_cast<int64_t>(mix(key_ + (i + 1) * kGolden) >> 40) - (1 << 23);
    return static_cast<float>(centre_ + static_cast<double>(n) * 0x1p-23 * half_width_);
}

Spread spread(const std::string &name, const std::vector<int64_t> &shape, WeightRole role,
              int64_t taps) {
    double fan_in = 1; // what is beyond the window are pixels that have weights of their own
    for (size_t d = 1; d < std::min<size_t>(shape.size(), 4); d++)
        fan_in *= static_cast<double>(shape[d]);
    switch (role) {
    case WeightRole::kConv:
        return {0, std::sqrt(3.0 / fan_in)};
    case WeightRole::kBias:
        return {0, 0.125};
    case WeightRole::kGenerationWeight:
        return {0, std::sqrt(3.0 / (fan_in * static_cast<double>(taps)))};
    case WeightRole::kGenerationBias:
        return {0, 1.0 / static_cast<double>(taps)};
    case WeightRole::kNormWeight:
        // The last norm of a block is small, so that activations keep their size at any depth.
        return name.find(".bn3.") != std::string::npos ? Spread{0.25, 0.125} : Spread{1, 0.5};
    case WeightRole::kNormBias:
    case WeightRole::kNormMean:
        return {0, 0.25};
    case WeightRole::kNormVariance:
        return {1, 0.5};
    }
    return {0, 1};
}

} // namespace involute
