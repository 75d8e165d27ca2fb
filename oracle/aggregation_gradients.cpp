// The two gradients as a scatter and a gather over the taps of every output pixel. The kernels sum
// the same terms in an order of their own, which the bound of a sum (bounds.h) allows for; a tree
// has fewer roundings for each term than a row of additions.
#include "oracle/aggregation_gradients.h"

namespace involute::oracle {
namespace {

// visit(b, group, tap, p, y, x) for every tap of every output pixel p that meets the input at
// (y, x), which may lie outside.
template <class Visit>
void for_taps(const AggregationGradient &layer, Visit visit) {
    const int64_t rows = strided(layer.height, layer.stride);
    const int64_t columns = strided(layer.width, layer.stride);
    const int64_t border = layer.dilation * (layer.kernel - 1) / 2;
    const int64_t groups = layer.channels / layer.group_channels;
    for (int64_t b = 0; b < layer.batch; ++b)
        for (int64_t group = 0; group < groups; ++group)
            for (int64_t tap = 0; tap < layer.kernel * layer.kernel; ++tap)
                for (int64_t p = 0; p < rows * columns; ++p)
                    visit(b, group, tap, p,
                          p / columns * layer.stride - border + tap / layer.kernel * layer.dilation,
                          p % columns * layer.stride - border +
                              tap % layer.kernel * layer.dilation);
}

} // namespace

Bounded aggregation_grad_input(const AggregationGradient &layer) {
    const int64_t plane = strided(layer.height, layer.stride) * strided(layer.width, layer.stride);
    const int64_t taps = layer.kernel * layer.kernel;
    const int64_t groups = layer.channels / layer.group_channels;
    const int64_t size = layer.height * layer.width;
    std::vector<Sum> sums(static_cast<size_t>(layer.batch * layer.channels * size), Sum(0));
    for_taps(layer, [&](int64_t b, int64_t group, int64_t tap, int64_t p, int64_t y, int64_t x) {
        if (y < 0 || x < 0 || y >= layer.height || x >= layer.width)
            return;
        const double weight =
            static_cast<double>(layer.kernels[((b * groups + group) * taps + tap) * plane + p]);
        for (int64_t ci = 0; ci < layer.group_channels; ++ci) {
            const int64_t channel = b * layer.channels + group * layer.group_channels + ci;
            sums[static_cast<size_t>(channel * size + y * layer.width + x)].add(
                weight, static_cast<double>(layer.grad_output[channel * plane + p]));
        }
    });
    Bounded out(static_cast<int64_t>(sums.size()));
    for (size_t i = 0; i < sums.size(); ++i)
        out.value[i] = sums[i].value(), out.bound[i] = sums[i].bound();
    return out;
}

Bounded aggregation_grad_weight(const AggregationGradient &layer) {
    const int64_t plane = strided(layer.height, layer.stride) * strided(layer.width, layer.stride);
    const int64_t taps = layer.kernel * layer.kernel;
    const int64_t groups = layer.channels / layer.group_channels;
    Bounded out(layer.batch * groups * taps * plane);
    for_taps(layer, [&](int64_t b, int64_t group, int64_t tap, int64_t p, int64_t y, int64_t x) {
        Sum sum(0);
        for (int64_t ci = 0; ci < layer.group_channels; ++ci) {
            const int64_t channel = b * layer.channels + group * layer.group_channels + ci;
            const PaddedImage image{layer.input + channel * layer.height * layer.width,
                                    layer.height, layer.width};
            sum.add(image.at(0, y, x), static_cast<double>(layer.grad_output[channel * plane + p]));
        }
        const size_t i = static_cast<size_t>(((b * groups + group) * taps + tap) * plane + p);
        out.value[i] = sum.value(), out.bound[i] = sum.bound();
    });
    return out;
}

} // namespace involute::oracle
