// Batch norm in eval mode as plain numbers: y = (x - mean) / sqrt(variance + eps) * weight + bias
// is x*scale + shift, or disappears in the weights of the layer before; so does a factor. Computed
// in double, rounded once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace involute {

inline constexpr double kNormEpsilon = 1e-5;

struct Norm {
    std::vector<float> weight, bias, mean, variance; // one value a channel
};

// Fails when a variance is negative or not a number; `name` is the module's, for the message.
Status check_norm(const Norm &norm, const std::string &name);

// scale = weight / sqrt(variance + eps), shift = bias - mean*scale.
void norm_as_scale_shift(const Norm &norm, std::vector<float> *scale, std::vector<float> *shift);

// `weight` holds one row per output channel; `bias` may be empty (zeros) and is filled.
void fold_norm(const Norm &norm, std::vector<float> *weight, std::vector<float> *bias);

// Weight and bias times `factor`.
void fold_factor(double factor, std::vector<float> *weight, std::vector<float> *bias);

} // namespace involute
