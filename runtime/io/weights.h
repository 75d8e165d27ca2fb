// Where weights come from: a safetensors file, tensors of the caller, or the portable rule.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

// What a parameter is, for the portable rule (tests/reference/README.md tells the spreads).
namespace involute {
enum class WeightRole {
    kConv,             // convolution or dense weight
    kBias,             // dense or convolution bias
    kGenerationWeight, // ....conv2.conv.weight, the second layer of kernel generation
    kGenerationBias,   // ....conv2.conv.bias
    kNormWeight,       // batch norm (0.25 +- 0.125 where the module is called bn3)
    kNormBias,
    kNormMean,
    kNormVariance,
};
} // namespace involute

struct involute_weights {
    virtual ~involute_weights() = default;

    // The values of `name` in row-major order. Fails when it is missing, has another shape or is
    // not float32. `taps` is K*K for the two generation roles.
    virtual involute::Status read(const std::string &name, const std::vector<int64_t> &shape,
                                  involute::WeightRole role, int64_t taps,
                                  std::vector<float> *values) const = 0;
    // The stored shape, without reading values; false when there is no such tensor. The synthetic
    // source answers false to everything.
    virtual bool shape_of(const std::string &name, std::vector<int64_t> *shape) const = 0;

    virtual const involute_named_tensor *at(size_t index) const = 0;
    virtual const involute_named_tensor *find(const std::string &name) const = 0;
    virtual const char *metadata(const std::string &key) const = 0;
};
