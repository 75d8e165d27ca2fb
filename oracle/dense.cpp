// One sum of products a value (bounds.h).
#include "oracle/dense.h"

namespace involute::oracle {

Bounded dense(const Dense &layer) {
    Bounded out(layer.batch * layer.out_channels);
    size_t i = 0;
    for (int64_t b = 0; b < layer.batch; ++b)
        for (int64_t o = 0; o < layer.out_channels; ++o, ++i) {
            const float *input = layer.input + b * layer.in_channels;
            const float *weight = layer.weight + o * layer.in_channels;
            Sum sum(layer.bias ? static_cast<double>(layer.bias[o]) : 0.0);
            for (int64_t c = 0; c < layer.in_channels; ++c)
                sum.add(static_cast<double>(weight[c]), static_cast<double>(input[c]));
            out.value[i] = sum.value();
            out.bound[i] = sum.bound();
        }
    return out;
}

} // namespace involute::oracle
