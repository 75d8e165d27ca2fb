// A share of a window of n pixels is the gradient times 1/n rounded once: two roundings of it, and
// one more of the sum with the addend.
#include "oracle/backward.h"

#include <algorithm>

namespace involute::oracle {

Bounded relu_grad(const float *output, const float *grad, int64_t count) {
    Bounded out(count);
    for (size_t i = 0; i < out.value.size(); ++i)
        out.value[i] = output[i] <= 0 ? 0.0 : static_cast<double>(grad[i]);
    return out;
}

Bounded avg_pool_grad(const AvgPoolGrad &layer) {
    const int64_t rows = strided(layer.height, layer.stride);
    const int64_t columns = strided(layer.width, layer.stride);
    Bounded out(layer.batch * layer.channels * layer.height * layer.width);
    size_t i = 0;
    for (int64_t plane = 0; plane < layer.batch * layer.channels; ++plane)
        for (int64_t y = 0; y < layer.height; ++y)
            for (int64_t x = 0; x < layer.width; ++x, ++i) {
                const int64_t row = y / layer.stride, column = x / layer.stride;
                const int64_t count = std::min(layer.stride, layer.height - row * layer.stride) *
                                      std::min(layer.stride, layer.width - column * layer.stride);
                const double grad =
                    static_cast<double>(layer.grad[(plane * rows + row) * columns + column]);
                const double share = grad / static_cast<double>(count);
                const double addend = static_cast<double>(layer.addend[i]);
                out.value[i] = addend + share;
                out.bound[i] = rounding_error(3) * std::fabs(share) +
                               rounding_error(1) * std::fabs(addend) + 2 * kTiny;
            }
    return out;
}

} // namespace involute::oracle
