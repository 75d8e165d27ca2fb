// The names of the operators, the same in every folder, file and message. Alone in its file: nets/
// and tests use it without the rest of core/.
#include "core/graph.h"

namespace involute {

const char *op_name(Op op) {
    switch (op) {
    case Op::kConv2d:
        return "conv2d";
    case Op::kInvolution:
        return "involution";
    case Op::kKernelGeneration:
        return "kernel_generation";
    case Op::kAggregation:
        return "aggregation";
    case Op::kMaxPool:
        return "max_pool";
    case Op::kAvgPool:
        return "avg_pool";
    case Op::kGlobalPool:
        return "global_pool";
    case Op::kDense:
        return "dense";
    case Op::kAggregationGradInput:
        return "aggregation_grad_input";
    case Op::kSoftmax:
        return "softmax";
    case Op::kAggregationGradWeight:
        return "aggregation_grad_weight";
    case Op::kLocal:
        return "local";
    case Op::kReluGrad:
        return "relu_grad";
    case Op::kAvgPoolGrad:
        return "avg_pool_grad";
    }
    return "unknown";
}

} // namespace involute
