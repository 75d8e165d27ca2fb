// The argument lists of the aggregation's gradients (docs/kernel-interface.md); part of
// layer_call.h.
#include <numeric>

#include "core/layer_call.h"

namespace involute {
namespace {

// (ci, g, x, y, b); kernels: (t, g, x, y, b)
int add_grouped(const LayerOperand &operand, int64_t of_group, LayerCall *result) {
    const TensorLayout &layout = *operand.layout;
    return result->call.add_buffer(operand.host,
                                   {{of_group, 1},
                                    {layout.channels() / of_group, of_group},
                                    {layout.width, layout.pixel_stride},
                                    {layout.height, layout.width * layout.pixel_stride},
                                    {layout.batch, layout.pixels() * layout.pixel_stride}});
}

} // namespace

void bind_gradient(const LayerSpec &layer, const KernelEntry &kernel, const LayerOperands &operands,
                   LayerCall *result) {
    KernelCall &call = result->call;
    const bool of_input = layer.op == Op::kAggregationGradInput;
    const int64_t taps = layer.kernel.taps(), channels = layer.group_channels;
    result->input = add_grouped(operands.input, channels, result);
    if (of_input)
        result->kernels = add_grouped(operands.kernels, taps, result);
    else
        result->grad = add_grouped(operands.grad, channels, result);
    if (kernel.is_generic()) {
        call.add_int(layer.kernel.width);
        call.add_int(layer.stride);
        call.add_int(layer.dilation);
        if (of_input)
            call.add_int(layer.stride / std::gcd(layer.stride, layer.dilation));
    }
    call.add_int(result->partition.rows_per_task);
    result->output = add_grouped(operands.output, of_input ? channels : taps, result);
}

} // namespace involute
