// Local self-attention: the values and bounds of oracle/, whose composition through a softmax is
// not worth a second text. What is expected comes from the file. Part of verify_bounds.h.
#include "oracle/attention.h"

#include "verify_bounds.h"

namespace involute {

Bounded bounded_attention(const ReferenceCase &which, const LayerShape &shape, bool bias,
                          const std::string &result) {
    const auto values = [&which](const std::string &name, const std::vector<int64_t> &extents) {
        return static_cast<const float *>(case_tensor(which, name, extents).data);
    };
    oracle::LocalAttention layer;
    layer.batch = shape.batch, layer.channels = shape.channels;
    layer.height = shape.height, layer.width = shape.width;
    layer.kernel = shape.kernel, layer.dilation = shape.dilation;
    layer.group_channels = shape.group_channels;
    layer.input = values("input", shape.input_shape());
    const int64_t c = shape.channels;
    for (const auto &[name, projection] :
         {std::pair("query", &layer.query), {"key", &layer.key}, {"value", &layer.value}}) {
        const std::string part = name;
        projection->weight = values(part + ".weight", {c, c, 1, 1});
        projection->bias = bias ? values(part + ".bias", {c}) : nullptr;
    }
    const oracle::AttentionResult all = oracle::local_attention(layer);
    const oracle::Bounded &wanted = result == "kernels" ? all.kernels : all.output;
    return {wanted.value, wanted.bound};
}

} // namespace involute
