// The bound of a value is that of its sum (bounds.h), and one rounding of the result more where a
// residual is added: u * (|sum + residual| + bound of the sum).
#include "oracle/conv2d.h"

namespace involute::oracle {
namespace {

Sum window_sum(const Conv2d &layer, const PaddedImage &image, int64_t o, int64_t y, int64_t x) {
    const int64_t border_y = layer.dilation * (layer.kernel.height - 1) / 2;
    const int64_t border_x = layer.dilation * (layer.kernel.width - 1) / 2;
    const int64_t depth = layer.in_channels / layer.groups;
    const int64_t first = o / (layer.out_channels / layer.groups) * depth;
    const int64_t columns = strided(layer.width, layer.stride);
    const int64_t places = layer.local ? strided(layer.height, layer.stride) * columns : 1;
    const int64_t place = layer.local ? y * columns + x : 0;
    const float *weight = layer.weight + o * depth * layer.kernel.taps() * places + place;
    Sum sum(layer.bias ? static_cast<double>(layer.bias[o * places + place]) : 0.0);
    for (int64_t c = first; c < first + depth; ++c)
        for (int64_t ky = 0; ky < layer.kernel.height; ++ky)
            for (int64_t kx = 0; kx < layer.kernel.width; ++kx, weight += places)
                sum.add(static_cast<double>(*weight),
                        image.at(c, y * layer.stride + ky * layer.dilation - border_y,
                                 x * layer.stride + kx * layer.dilation - border_x));
    return sum;
}

} // namespace

Bounded conv2d(const Conv2d &layer) {
    const int64_t rows = strided(layer.height, layer.stride);
    const int64_t columns = strided(layer.width, layer.stride);
    const int64_t image_size = layer.in_channels * layer.height * layer.width;
    Bounded out(layer.batch * layer.out_channels * rows * columns);
    size_t i = 0;
    for (int64_t b = 0; b < layer.batch; ++b) {
        const PaddedImage image{layer.input + b * image_size, layer.height, layer.width};
        for (int64_t o = 0; o < layer.out_channels; ++o)
            for (int64_t y = 0; y < rows; ++y)
                for (int64_t x = 0; x < columns; ++x, ++i) {
                    const Sum sum = window_sum(layer, image, o, y, x);
                    double value = sum.value(), bound = sum.bound();
                    if (layer.residual) {
                        value += static_cast<double>(layer.residual[i]);
                        bound += kUnit * (std::fabs(value) + bound);
                    }
                    if (layer.relu)
                        apply_relu(&value, &bound);
                    out.value[i] = value;
                    out.bound[i] = bound;
                }
    }
    return out;
}

} // namespace involute::oracle
