// Chained sums: pool -> hidden -> kernels -> aggregation -> scale and shift. Each hands its bounds
// to the next, whose sums carry them as errors of their terms (bounds.h); ReLU moves no two
// values apart. Scale and shift are a sum with one product. Where batch norm is given here but
// folded into float32 weights in the kernel, every folded weight and bias was rounded once more.
#include "oracle/involution.h"

#include "oracle/pools.h"

namespace involute::oracle {
namespace {

double value_or_zero(const float *values, int64_t i) {
    return values ? static_cast<double>(values[i]) : 0.0;
}

// The values and bounds of all channels [C,H,W] of one image at one pixel.
struct Pixel {
    const double *value, *bound;
    int64_t plane; // from a channel to the next
};

Sum product(Sum sum, const float *weight, double factor, int64_t depth, const Pixel &in) {
    for (int64_t c = 0; c < depth; ++c)
        sum.add(factor * static_cast<double>(weight[c]), in.value[c * in.plane], 0,
                in.bound[c * in.plane]);
    return sum;
}

void hidden_units(const KernelGeneration &layer, const Pixel &in, Bounded *hidden) {
    for (int64_t m = 0; m < layer.hidden; ++m) {
        double factor = 1, start = value_or_zero(layer.reduce_bias, m);
        if (const BatchNorm *norm = layer.norm) {
            factor = static_cast<double>(norm->weight[m]) /
                     std::sqrt(static_cast<double>(norm->variance[m]) + 1e-5);
            start = (start - static_cast<double>(norm->mean[m])) * factor +
                    static_cast<double>(norm->bias[m]);
        }
        const Sum sum =
            product(Sum(start, layer.norm ? 1 : 0), layer.reduce_weight + m * layer.channels,
                    factor, layer.channels, in);
        double value = sum.value(), bound = sum.bound();
        apply_relu(&value, &bound);
        hidden->value[static_cast<size_t>(m)] = value;
        hidden->bound[static_cast<size_t>(m)] = bound;
    }
}

Bounded pooled(const KernelGeneration &layer) {
    if (layer.stride == 1)
        return exact(layer.input, layer.batch * layer.channels * layer.height * layer.width);
    Pool pool;
    pool.batch = layer.batch, pool.channels = layer.channels;
    pool.height = layer.height, pool.width = layer.width;
    pool.kernel = pool.stride = layer.stride;
    pool.input = layer.input;
    return avg_pool(pool);
}

} // namespace

Bounded exact(const float *values, int64_t count) {
    Bounded result(count);
    result.value.assign(values, values + count);
    return result;
}

Bounded kernel_generation(const KernelGeneration &layer) {
    const Bounded source = pooled(layer);
    const int64_t plane = strided(layer.height, layer.stride) * strided(layer.width, layer.stride);
    const int64_t count = layer.kernel.taps() * (layer.channels / layer.group_channels);
    Bounded out(layer.batch * count * plane), hidden(layer.hidden);
    for (int64_t b = 0; b < layer.batch; ++b)
        for (int64_t p = 0; p < plane; ++p) {
            const int64_t first = b * layer.channels * plane + p;
            Pixel in{source.value.data() + first, source.bound.data() + first, plane};
            int64_t depth = layer.channels;
            if (layer.hidden > 0) {
                hidden_units(layer, in, &hidden);
                in = {hidden.value.data(), hidden.bound.data(), 1};
                depth = layer.hidden;
            }
            for (int64_t n = 0; n < count; ++n) {
                const Sum sum = product(Sum(value_or_zero(layer.bias, n)), layer.weight + n * depth,
                                        1, depth, in);
                const size_t i = static_cast<size_t>((b * count + n) * plane + p);
                out.value[i] = sum.value();
                out.bound[i] = sum.bound();
            }
        }
    return out;
}

int64_t window_start(const Aggregation &layer, int64_t kernel, int64_t size, int64_t pixel) {
    const int64_t place = pixel * layer.stride / layer.upsample;
    int64_t start = place - layer.dilation * (kernel - 1) / 2;
    while (layer.clamp && start < 0)
        start += layer.dilation;
    while (layer.clamp && start + layer.dilation * (kernel - 1) >= size)
        start -= layer.dilation;
    return start;
}

Bounded aggregation(const Aggregation &layer, const Bounded &kernels) {
    const int64_t rows = strided(layer.height * layer.upsample, layer.stride);
    const int64_t columns = strided(layer.width * layer.upsample, layer.stride);
    const int64_t plane = rows * columns, taps = layer.kernel.taps();
    const int64_t groups = layer.channels / layer.group_channels;
    Bounded out(layer.batch * layer.channels * plane);
    for (int64_t bc = 0; bc < layer.batch * layer.channels; ++bc) {
        const int64_t b = bc / layer.channels, c = bc % layer.channels;
        const PaddedImage image{layer.input + bc * layer.height * layer.width, layer.height,
                                layer.width};
        const int64_t first = (b * groups + c / layer.group_channels) * taps * plane;
        for (int64_t p = 0; p < plane; ++p) {
            const int64_t y = window_start(layer, layer.kernel.height, layer.height, p / columns);
            const int64_t x = window_start(layer, layer.kernel.width, layer.width, p % columns);
            Sum sum(0);
            for (int64_t tap = 0; tap < taps; ++tap) {
                const size_t k = static_cast<size_t>(first + tap * plane + p);
                sum.add(kernels.value[k],
                        image.at(0, y + tap / layer.kernel.width * layer.dilation,
                                 x + tap % layer.kernel.width * layer.dilation),
                        kernels.bound[k]);
            }
            double value = sum.value(), bound = sum.bound();
            if (layer.scale) {
                Sum scaled(static_cast<double>(layer.shift[c]));
                scaled.add(value, static_cast<double>(layer.scale[c]), bound);
                value = scaled.value(), bound = scaled.bound();
            }
            const size_t i = static_cast<size_t>(bc * plane + p);
            if (layer.relu)
                apply_relu(&value, &bound);
            out.value[i] = value;
            out.bound[i] = bound;
        }
    }
    return out;
}

Bounded involution(const KernelGeneration &generation, const Aggregation &layer) {
    return aggregation(layer, kernel_generation(generation));
}

} // namespace involute::oracle
