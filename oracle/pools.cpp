// A mean of n values is their sum times 1/n rounded once: n - 1 roundings of the sum, one of 1/n
// and one of the product, so |error| <= g(n + 1) * sum |x| / n. A maximum is exact.
#include "oracle/pools.h"

#include <algorithm>
#include <limits>

namespace involute::oracle {
namespace {

struct Window {
    int64_t top, left, bottom, right; // half open
};

// Sets value and bound number i to the mean of the window.
void mean(const Pool &layer, const float *plane, const Window &window, size_t i, Bounded *out) {
    double sum = 0, size = 0;
    int64_t count = 0;
    for (int64_t y = window.top; y < std::min(window.bottom, layer.height); ++y)
        for (int64_t x = window.left; x < std::min(window.right, layer.width); ++x, ++count) {
            sum += static_cast<double>(plane[y * layer.width + x]);
            size += std::fabs(static_cast<double>(plane[y * layer.width + x]));
        }
    const double n = static_cast<double>(count);
    out->value[i] = sum / n;
    out->bound[i] = rounding_error(count + 1) * size / n + kTiny;
}

double maximum(const Pool &layer, const float *plane, const Window &window) {
    double largest = -std::numeric_limits<double>::infinity();
    for (int64_t y = std::max<int64_t>(window.top, 0); y < std::min(window.bottom, layer.height);
         ++y)
        for (int64_t x = std::max<int64_t>(window.left, 0); x < std::min(window.right, layer.width);
             ++x) {
            const double value = static_cast<double>(plane[y * layer.width + x]);
            largest = value <= largest || std::isnan(largest) ? largest : value;
        }
    return largest;
}

// visit(plane of one channel, y, x, index) for every value of the output.
template <class Visit>
Bounded over_outputs(const Pool &layer, Visit visit) {
    const int64_t rows = strided(layer.height, layer.stride);
    const int64_t columns = strided(layer.width, layer.stride);
    Bounded out(layer.batch * layer.channels * rows * columns);
    size_t i = 0;
    for (int64_t plane = 0; plane < layer.batch * layer.channels; ++plane)
        for (int64_t y = 0; y < rows; ++y)
            for (int64_t x = 0; x < columns; ++x)
                visit(layer.input + plane * layer.height * layer.width, y, x, i++, &out);
    return out;
}

} // namespace

Bounded max_pool(const Pool &layer) {
    const int64_t border = (layer.kernel - 1) / 2;
    return over_outputs(layer, [&](const float *plane, int64_t y, int64_t x, size_t i,
                                   Bounded *out) {
        const int64_t top = y * layer.stride - border, left = x * layer.stride - border;
        out->value[i] = maximum(layer, plane, {top, left, top + layer.kernel, left + layer.kernel});
    });
}

Bounded avg_pool(const Pool &layer) {
    return over_outputs(
        layer, [&](const float *plane, int64_t y, int64_t x, size_t i, Bounded *out) {
            const int64_t top = y * layer.stride, left = x * layer.stride;
            mean(layer, plane, {top, left, top + layer.stride, left + layer.stride}, i, out);
        });
}

Bounded global_pool(const Pool &layer) {
    Bounded out(layer.batch * layer.channels);
    for (int64_t plane = 0; plane < layer.batch * layer.channels; ++plane)
        mean(layer, layer.input + plane * layer.height * layer.width,
             {0, 0, layer.height, layer.width}, static_cast<size_t>(plane), &out);
    return out;
}

} // namespace involute::oracle
