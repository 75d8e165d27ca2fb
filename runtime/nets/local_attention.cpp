// Local self-attention as a graph: three products of the input, then the aggregation with kernels
// that are the softmax of its own gradient for kernels, which is the product q . k of every tap.
#include <cmath>

#include "nets/table.h"

namespace involute {

AttentionTensors add_local_attention(Table *table, int input, const std::string &name,
                                     const InvolutionShape &shape, bool bias, bool relu) {
    const auto product = [&](const std::string &part, double factor) {
        const ParameterNames names = {part + ".weight", bias ? part + ".bias" : "", "", "", ""};
        const int output =
            table->conv(input, name + "." + part, names, table->channels(input), 1, 1, false);
        table->rows.back().factor = factor;
        return output;
    };
    const int query = product("query", 1 / std::sqrt(static_cast<double>(shape.group_channels)));
    const int key = product("key", 1);
    const int scores =
        table->gradient(Op::kAggregationGradWeight, key, name + ".scores", shape, -1, query);
    AttentionTensors made;
    made.kernels = table->softmax(scores, name + ".kernels", shape.kernel);
    const int value = product("value", 1); // this late, query and key have left the memory
    made.output =
        table->involution(Op::kAggregation, value, name + ".sum", {}, shape, relu, made.kernels);
    return made;
}

} // namespace involute
