// Chained sums (bounds.h): projections -> scores -> softmax -> sum of the values. The factor of the
// scores is folded into the query's weights and bias, which are therefore rounded once more.
#include "oracle/attention.h"

#include "oracle/softmax.h"

namespace involute::oracle {
namespace {

Bounded projected(const LocalAttention &layer, const Projection &projection, double factor,
                  int64_t extra) {
    const int64_t plane = layer.height * layer.width;
    Bounded out(layer.batch * layer.channels * plane);
    size_t i = 0;
    for (int64_t b = 0; b < layer.batch; ++b)
        for (int64_t o = 0; o < layer.channels; ++o)
            for (int64_t p = 0; p < plane; ++p, ++i) {
                const double bias = projection.bias ? static_cast<double>(projection.bias[o]) : 0.0;
                Sum sum(factor * bias, extra);
                for (int64_t c = 0; c < layer.channels; ++c)
                    sum.add(factor * static_cast<double>(projection.weight[o * layer.channels + c]),
                            static_cast<double>(layer.input[(b * layer.channels + c) * plane + p]));
                out.value[i] = sum.value();
                out.bound[i] = sum.bound();
            }
    return out;
}

// What the tap of pixel p meets: its pixel, or -1 beyond the border.
int64_t neighbour(const LocalAttention &layer, int64_t tap, int64_t p) {
    const int64_t border = layer.dilation * (layer.kernel - 1) / 2;
    const int64_t y = p / layer.width - border + tap / layer.kernel * layer.dilation;
    const int64_t x = p % layer.width - border + tap % layer.kernel * layer.dilation;
    return y < 0 || x < 0 || y >= layer.height || x >= layer.width ? -1 : y * layer.width + x;
}

Bounded attended_weights(const LocalAttention &layer) {
    const Bounded query =
        projected(layer, layer.query, 1 / std::sqrt(static_cast<double>(layer.group_channels)), 1);
    const Bounded key = projected(layer, layer.key, 1, 0);
    const int64_t plane = layer.height * layer.width, taps = layer.kernel * layer.kernel;
    Softmax sizes;
    sizes.batch = layer.batch, sizes.groups = layer.channels / layer.group_channels;
    sizes.taps = taps, sizes.height = layer.height, sizes.width = layer.width;
    const int64_t all_groups = sizes.batch * sizes.groups;
    Bounded scores(all_groups * taps * plane);
    size_t i = 0;
    for (int64_t group = 0; group < all_groups; ++group) // of all images
        for (int64_t tap = 0; tap < taps; ++tap)
            for (int64_t p = 0; p < plane; ++p, ++i) {
                const int64_t other = neighbour(layer, tap, p);
                if (other < 0)
                    continue; // 0, and exactly so
                Sum sum(0);
                for (int64_t ci = 0; ci < layer.group_channels; ++ci) {
                    const int64_t first = (group * layer.group_channels + ci) * plane;
                    const size_t q = static_cast<size_t>(first + p);
                    const size_t k = static_cast<size_t>(first + other);
                    sum.add(query.value[q], key.value[k], query.bound[q], key.bound[k]);
                }
                scores.value[i] = sum.value();
                scores.bound[i] = sum.bound();
            }
    return softmax(sizes, scores);
}

} // namespace

AttentionResult local_attention(const LocalAttention &layer) {
    AttentionResult result;
    result.kernels = attended_weights(layer);
    const Bounded value = projected(layer, layer.value, 1, 0);
    const int64_t plane = layer.height * layer.width, taps = layer.kernel * layer.kernel;
    result.output = Bounded(layer.batch * layer.channels * plane);
    size_t i = 0;
    for (int64_t bc = 0; bc < layer.batch * layer.channels; ++bc)
        for (int64_t p = 0; p < plane; ++p, ++i) {
            Sum sum(0);
            for (int64_t tap = 0; tap < taps; ++tap) {
                const int64_t other = neighbour(layer, tap, p);
                if (other < 0)
                    continue;
                const size_t v = static_cast<size_t>(bc * plane + other);
                const size_t k =
                    static_cast<size_t>((bc / layer.group_channels * taps + tap) * plane + p);
                sum.add(result.kernels.value[k], value.value[v], result.kernels.bound[k],
                        value.bound[v]);
            }
            double total = sum.value(), bound = sum.bound();
            if (layer.relu)
                apply_relu(&total, &bound);
            result.output.value[i] = total;
            result.output.bound[i] = bound;
        }
    return result;
}

} // namespace involute::oracle
