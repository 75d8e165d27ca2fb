// The arithmetic of fold.h.
#include "nets/fold.h"

#include <cmath>

namespace involute {

namespace {

double scale_of(const Norm &norm, size_t channel) {
    return static_cast<double>(norm.weight[channel]) /
           std::sqrt(static_cast<double>(norm.variance[channel]) + kNormEpsilon);
}

} // namespace

Status check_norm(const Norm &norm, const std::string &name) {
    for (size_t channel = 0; channel < norm.variance.size(); ++channel)
        if (!(norm.variance[channel] >= 0.0f))
            return Status::error(
                INVOLUTE_INVALID_FILE, "%s.running_var[%zu]: expected a value >= 0, found %g",
                name.c_str(), channel, static_cast<double>(norm.variance[channel]));
    return {};
}

void norm_as_scale_shift(const Norm &norm, std::vector<float> *scale, std::vector<float> *shift) {
    const size_t channels = norm.weight.size();
    scale->resize(channels);
    shift->resize(channels);
    for (size_t channel = 0; channel < channels; ++channel) {
        const double factor = scale_of(norm, channel);
        const double offset = static_cast<double>(norm.bias[channel]) -
                              static_cast<double>(norm.mean[channel]) * factor;
        (*scale)[channel] = static_cast<float>(factor);
        (*shift)[channel] = static_cast<float>(offset);
    }
}

void fold_norm(const Norm &norm, std::vector<float> *weight, std::vector<float> *bias) {
    const size_t channels = norm.weight.size();
    const size_t row = weight->size() / channels;
    bias->resize(channels, 0.0f);
    for (size_t channel = 0; channel < channels; ++channel) {
        const double factor = scale_of(norm, channel);
        float *values = weight->data() + channel * row;
        for (size_t i = 0; i < row; ++i)
            values[i] = static_cast<float>(static_cast<double>(values[i]) * factor);
        const double before = static_cast<double>((*bias)[channel]);
        (*bias)[channel] =
            static_cast<float>(static_cast<double>(norm.bias[channel]) +
                               (before - static_cast<double>(norm.mean[channel])) * factor);
    }
}

void fold_factor(double factor, std::vector<float> *weight, std::vector<float> *bias) {
    for (std::vector<float> *values : {weight, bias})
        for (float &value : *values)
            value = static_cast<float>(factor * static_cast<double>(value));
}

} // namespace involute
