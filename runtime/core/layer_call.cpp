// The table of docs/kernel-interface.md as code, one function per family of rows. Order, extents
// and strides of all arguments are decided here and nowhere else.
#include "core/layer_call.h"

#include <limits>
#include <numeric>

#include "core/checked_size.h"
#include "core/packing.h"
#include "core/tiles.h"

namespace involute {
namespace {

alignas(kVectorAlignment) const float kZeros[kMaxPacking] = {}; // the residual of layers without

float floor_of(const LayerSpec &layer) {
    return layer.relu ? 0.0f : -std::numeric_limits<float>::infinity();
}

int64_t row_stride(const TensorLayout &layout) {
    return layout.width * layout.pixel_stride;
}

int64_t image_stride(const TensorLayout &layout) {
    return layout.pixels() * layout.pixel_stride;
}

// Channels that stand together in dimension ci: a group, or all where the row takes any number and
// the op knows no groups.
int64_t group_of(const LayerSpec &layer, const KernelEntry &kernel) {
    const bool has_groups = layer.op == Op::kInvolution || layer.op == Op::kAggregation;
    return kernel.group_channels != 0 ? kernel.group_channels
           : has_groups               ? layer.group_channels
                                      : layer.in_channels;
}

// (ci, g, x, y, b); of kernels (t, g, x, y, b)
int add_map(const LayerOperand &operand, int64_t group, LayerCall *result) {
    const TensorLayout &layout = *operand.layout;
    return result->call.add_buffer(operand.host, {{group, 1},
                                                  {layout.channels() / group, group},
                                                  {layout.width, layout.pixel_stride},
                                                  {layout.height, row_stride(layout)},
                                                  {layout.batch, image_stride(layout)}});
}

// (ci, g, p, b)
int add_groups_of_pixels(const LayerOperand &operand, int64_t group, LayerCall *result) {
    const TensorLayout &layout = *operand.layout;
    return result->call.add_buffer(operand.host, {{group, 1},
                                                  {layout.channels() / group, group},
                                                  {layout.pixels(), layout.pixel_stride},
                                                  {layout.batch, image_stride(layout)}});
}

// (k, p, b)
int add_pixels(const LayerOperand &operand, LayerCall *result) {
    const TensorLayout &layout = *operand.layout;
    return result->call.add_buffer(operand.host, {{layout.channels(), 1},
                                                  {layout.pixels(), layout.pixel_stride},
                                                  {layout.batch, image_stride(layout)}});
}

// (e, y, b), the input
void add_rows(const LayerOperand &operand, LayerCall *result) {
    const TensorLayout &layout = *operand.layout;
    result->input = result->call.add_buffer(operand.host, {{layout.width * layout.pixel_stride, 1},
                                                           {layout.height, row_stride(layout)},
                                                           {layout.batch, image_stride(layout)}});
}

// (o, c, kx, ky, g[, p])
void add_grouped(const WeightSpan &weight, const GroupedPacking &shape, bool with_pixels,
                 LayerCall *result) {
    const BufferDimension o = {shape.padded_outputs(), 1};
    const auto around = [](const BufferDimension &inner, int64_t extent) {
        return BufferDimension{extent, inner.extent * inner.stride};
    };
    const BufferDimension c = around(o, shape.depth), kx = around(c, shape.width),
                          ky = around(kx, shape.height), g = around(ky, shape.groups);
    if (with_pixels)
        result->call.add_buffer(weight.data(), {o, c, kx, ky, g, around(g, shape.pixels)});
    else
        result->call.add_buffer(weight.data(), {o, c, kx, ky, g});
}

// (n, k, no) and (n, no)
void add_matrix(const WeightSpan &weight, int64_t nr, int64_t depth, int64_t blocks,
                LayerCall *result) {
    result->call.add_buffer(weight.data(), {{nr, 1}, {depth, nr}, {blocks, nr * depth}});
}

void add_blocks(const WeightSpan &values, int64_t nr, int64_t blocks, LayerCall *result) {
    result->call.add_buffer(values.data(), {{nr, 1}, {blocks, nr}});
}

void add_channels(const WeightSpan &values, int64_t channels, int64_t group, LayerCall *result) {
    result->call.add_buffer(values.data(), {{group, 1}, {channels / group, group}});
}

const float *zeros_of(const PackedLayer &weights) {
    return weights.zeros.size() > 0 ? weights.zeros.data() : kZeros;
}

void bind_point(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &in = *operands.input.layout, &out = *operands.output.layout;
    const int64_t nr = weights.kernel->packing, blocks = layer.out_channels / nr;
    const int64_t pixels = out.batch * out.pixels();
    result->input =
        call.add_buffer(operands.input.host, {{layer.in_channels, 1}, {pixels, in.pixel_stride}});
    add_matrix(weights.weight, nr, layer.in_channels, blocks, result);
    add_blocks(weights.bias, nr, blocks, result);
    if (const TensorLayout *residual = operands.residual.layout) {
        result->residual = call.add_buffer(
            operands.residual.host, {{nr, 1}, {blocks, nr}, {pixels, residual->pixel_stride}});
    } else {
        call.add_buffer(zeros_of(weights), {{nr, 1}, {blocks, 0}, {pixels, 0}});
    }
    call.add_float(floor_of(layer));
    call.add_cut(result->partition.pixels_per_task);
    call.add_cut(result->partition.blocks_per_task);
    result->output =
        call.add_buffer(operands.output.host, {{nr, 1}, {blocks, nr}, {pixels, out.pixel_stride}});
}

void bind_window(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                 LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &out = *operands.output.layout;
    const int64_t nr = weights.kernel->packing, blocks = layer.out_channels / nr;
    const int64_t depth = layer.kernel.width * layer.in_channels; // J
    add_rows(operands.input, result);
    call.add_buffer(weights.weight.data(), {{nr, 1},
                                            {depth, nr},
                                            {layer.kernel.height, nr * depth},
                                            {blocks, nr * depth * layer.kernel.height}});
    add_blocks(weights.bias, nr, blocks, result);
    if (const TensorLayout *residual = operands.residual.layout) {
        result->residual =
            call.add_buffer(operands.residual.host, {{nr, 1},
                                                     {blocks, nr},
                                                     {residual->pixels(), residual->pixel_stride},
                                                     {residual->batch, image_stride(*residual)}});
    } else {
        call.add_buffer(zeros_of(weights),
                        {{nr, 1}, {blocks, 0}, {out.pixels(), 0}, {out.batch, 0}});
    }
    call.add_float(floor_of(layer));
    call.add_int(layer.in_channels);
    call.add_int(layer.stride);
    call.add_int((layer.kernel.width - 1) / 2);
    call.add_int(out.width);
    call.add_cut(result->partition.pixels_per_task);
    call.add_cut(result->partition.blocks_per_task);
    result->output = call.add_buffer(
        operands.output.host,
        {{nr, 1}, {blocks, nr}, {out.pixels(), out.pixel_stride}, {out.batch, image_stride(out)}});
}

void bind_grouped(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                  LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &in = *operands.input.layout, &out = *operands.output.layout;
    const GroupedPacking shape = grouped_packing(layer, *weights.kernel);
    const int64_t outputs = shape.outputs, padded = shape.padded_outputs();
    add_rows(operands.input, result);
    add_grouped(weights.weight, shape, false, result);
    call.add_buffer(weights.bias.data(), {{padded, 1}, {shape.groups, padded}});
    if (const TensorLayout *residual = operands.residual.layout) {
        result->residual =
            call.add_buffer(operands.residual.host, {{outputs, 1},
                                                     {shape.groups, outputs},
                                                     {residual->pixels(), residual->pixel_stride},
                                                     {residual->batch, image_stride(*residual)}});
    } else {
        call.add_buffer(weights.zeros.data(),
                        {{outputs, 1}, {shape.groups, 0}, {out.pixels(), 0}, {out.batch, 0}});
    }
    call.add_float(floor_of(layer));
    call.add_int(layer.in_channels);
    call.add_int(layer.stride);
    call.add_int(useful_dilation(layer, in));
    call.add_int(out.width);
    call.add_cut(result->partition.pixels_per_task);
    result->output = call.add_buffer(operands.output.host, {{outputs, 1},
                                                            {shape.groups, outputs},
                                                            {out.pixels(), out.pixel_stride},
                                                            {out.batch, image_stride(out)}});
}

void bind_local(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &in = *operands.input.layout, &out = *operands.output.layout;
    const GroupedPacking shape = grouped_packing(layer, *weights.kernel);
    add_rows(operands.input, result);
    add_grouped(weights.weight, shape, true, result);
    const int64_t padded = shape.padded_outputs();
    call.add_buffer(weights.bias.data(),
                    {{padded, 1}, {shape.groups, padded}, {shape.pixels, padded * shape.groups}});
    call.add_float(floor_of(layer));
    call.add_int(layer.in_channels);
    call.add_int(layer.stride);
    call.add_int(useful_dilation(layer, in));
    call.add_int(out.width);
    call.add_cut(result->partition.rows_per_task);
    result->output = add_map(operands.output, shape.outputs, result);
}

void bind_dense(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &in = *operands.input.layout, &out = *operands.output.layout;
    const int64_t nr = weights.kernel->packing, blocks = ceil_div(layer.out_channels, nr);
    result->input = call.add_buffer(operands.input.host,
                                    {{layer.in_channels, 1}, {in.batch, image_stride(in)}});
    add_matrix(weights.weight, nr, layer.in_channels, blocks, result);
    add_blocks(weights.bias, nr, blocks, result);
    result->output = call.add_buffer(operands.output.host,
                                     {{nr, 1}, {blocks, nr}, {out.batch, out.pixel_stride}});
}

void add_reciprocals(const LayerSpec &layer, const float *reciprocals, LayerCall *result) {
    result->call.add_buffer(reciprocals, {{layer.stride * layer.stride + 1, 1}});
}

void bind_max_pool(const LayerSpec &layer, const LayerOperands &operands, int64_t group,
                   LayerCall *result) {
    KernelCall &call = result->call;
    result->input = add_map(operands.input, group, result);
    call.add_int(layer.kernel.width);
    call.add_int(layer.stride);
    call.add_int((layer.kernel.width - 1) / 2);
    call.add_cut(result->partition.rows_per_task);
    result->output = add_map(operands.output, group, result);
}

void bind_avg_pool(const LayerSpec &layer, const LayerOperands &operands, int64_t group,
                   const float *reciprocals, LayerCall *result) {
    KernelCall &call = result->call;
    result->input = add_map(operands.input, group, result);
    call.add_int(layer.stride);
    add_reciprocals(layer, reciprocals, result);
    call.add_cut(result->partition.pixels_per_task);
    result->output = add_groups_of_pixels(operands.output, group, result);
}

void bind_global_pool(const LayerOperands &operands, int64_t group, LayerCall *result) {
    KernelCall &call = result->call;
    const TensorLayout &in = *operands.input.layout, &out = *operands.output.layout;
    const int64_t groups = in.channels() / group;
    result->input = add_groups_of_pixels(operands.input, group, result);
    call.add_float(static_cast<float>(1.0 / static_cast<double>(in.pixels())));
    result->output = call.add_buffer(operands.output.host,
                                     {{group, 1}, {groups, group}, {out.batch, out.pixel_stride}});
}

void bind_involution_family(const LayerSpec &layer, const PackedLayer &weights,
                            const LayerOperands &operands, const float *reciprocals,
                            LayerCall *result) {
    KernelCall &call = result->call;
    const int64_t nr = weights.kernel->packing, channels = layer.in_channels;
    const int64_t taps = layer.kernel.taps(), groups = channels / layer.group_channels;
    const int64_t group = group_of(layer, *weights.kernel);
    const bool generic = weights.kernel->is_generic();
    const TensorLayout &out = *operands.output.layout;
    const bool generates = layer.op != Op::kAggregation;
    result->input =
        generates ? add_pixels(operands.input, result) : add_map(operands.input, group, result);
    if (!generates) {
        const TensorLayout &kernels = *operands.kernels.layout;
        result->kernels =
            call.add_buffer(operands.kernels.host, {{layer.kernel.width, 1},
                                                    {layer.kernel.height, layer.kernel.width},
                                                    {groups, taps},
                                                    {kernels.width, kernels.pixel_stride},
                                                    {kernels.height, row_stride(kernels)},
                                                    {kernels.batch, image_stride(kernels)}});
    } else {
        const int64_t blocks = kernel_blocks(*weights.kernel, taps * groups);
        if (layer.hidden > 0) {
            const int64_t hidden = hidden_blocks(*weights.kernel, layer.hidden);
            add_matrix(weights.reduce_weight, nr, channels, hidden, result);
            add_blocks(weights.reduce_bias, nr, hidden, result);
        }
        add_matrix(weights.weight, nr, layer.hidden > 0 ? layer.hidden : channels, blocks, result);
        add_blocks(weights.bias, nr, blocks, result);
    }
    if (layer.op != Op::kKernelGeneration) {
        add_channels(weights.scale, channels, group, result);
        add_channels(weights.shift, channels, group, result);
        call.add_float(floor_of(layer));
    }
    if (generates)
        call.add_int(operands.input.layout->width);
    if (weights.kernel->form == Form::kUpsample)
        call.add_int(layer.upsample);
    if (weights.kernel->stride == 0)
        call.add_int(layer.stride);
    if (generates && weights.kernel->stride != 1)
        add_reciprocals(layer, reciprocals, result);
    if (layer.op == Op::kKernelGeneration) {
        call.add_cut(result->partition.pixels_per_task);
        result->output = call.add_buffer(operands.output.host, {{out.pixel_stride, 1},
                                                                {out.pixels(), out.pixel_stride},
                                                                {out.batch, image_stride(out)}});
        return;
    }
    if (generic && generates) {
        call.add_int(layer.kernel.width);
        call.add_int(layer.kernel.height);
    }
    if (generic)
        call.add_int(useful_dilation(layer, *operands.input.layout));
    call.add_cut(result->partition.rows_per_task);
    if (generates) {
        call.add_cut(result->partition.rows_per_block);
        call.add_cut(result->partition.images_per_task);
        call.add_cut(result->partition.threads_per_task);
    }
    result->output = add_map(operands.output, group, result);
}

// Gradients of the aggregation have no weights.
void bind_gradient(const LayerSpec &layer, const KernelEntry &kernel, const LayerOperands &operands,
                   LayerCall *result) {
    KernelCall &call = result->call;
    const bool of_input = layer.op == Op::kAggregationGradInput;
    const int64_t taps = layer.kernel.taps(), channels = layer.group_channels;
    result->input = add_map(operands.input, channels, result);
    if (of_input)
        result->kernels = add_map(operands.kernels, taps, result);
    else
        result->grad = add_map(operands.grad, channels, result);
    if (kernel.is_generic()) {
        call.add_int(layer.kernel.width);
        call.add_int(layer.stride);
        // What a tap of the gradient of the input meets depends on the dilation as it is.
        call.add_int(of_input ? layer.dilation : useful_dilation(layer, *operands.input.layout));
        if (of_input)
            call.add_int(layer.stride / std::gcd(layer.stride, layer.dilation));
    }
    call.add_cut(result->partition.rows_per_task);
    result->output = add_map(operands.output, of_input ? channels : taps, result);
}

} // namespace

WorkShape work_shape(const LayerSpec &layer, const KernelEntry &kernel,
                     const TensorLayout &output) {
    WorkShape work;
    work.images = output.batch, work.rows = output.height, work.width = output.width;
    work.input_floats = layer.in_channels;
    work.border = layer.dilation * (layer.kernel.height - 1);
    if (layer.op == Op::kConv2d) {
        work.blocks = layer.out_channels / kernel.packing;
        work.depth = layer.kernel.taps() * layer.in_channels;
        if (kernel.form == Form::kWindow)
            work.input_floats *= layer.stride * layer.stride;
        if (kernel.form == Form::kPoint)
            work.rows *= work.images, work.images = 1;
    } else if (layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration) {
        work.blocks =
            kernel_blocks(kernel, layer.kernel.taps() * (layer.in_channels / layer.group_channels));
        work.groups = layer.in_channels / layer.group_channels, work.stride = layer.stride;
        work.depth = layer.hidden > 0 ? layer.hidden : layer.in_channels;
    } else if (is_gradient(layer.op)) {
        work.depth = layer.dilation * (layer.kernel.height - 1), work.stride = layer.stride;
        work.input_floats = layer.group_channels;
    }
    return work;
}

bool wants_reciprocals(const LayerSpec &layer) {
    return layer.op == Op::kAvgPool || layer.op == Op::kAvgPoolGrad ||
           layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration;
}

Status make_reciprocals(int64_t stride, AlignedFloats *table) {
    const int64_t count = stride * stride;
    INVOLUTE_RETURN_IF_ERROR(
        AlignedFloats::allocate(static_cast<size_t>(count + 1), "reciprocals", table));
    // A double has more than twice the digits, so rounding its quotient is rounding once.
    for (int64_t n = 1; n <= count; ++n)
        table->data()[n] = static_cast<float>(1.0 / static_cast<double>(n));
    return Status();
}

void bind_layer(const LayerSpec &layer, const PackedLayer &weights, const LayerOperands &operands,
                const float *reciprocals, const Cores &cores, LayerCall *result) {
    result->partition = cut_work(
        *weights.kernel, work_shape(layer, *weights.kernel, *operands.output.layout), cores);
    const int64_t group = group_of(layer, *weights.kernel);
    switch (layer.op) {
    case Op::kConv2d:
        return weights.kernel->is_generic() ? bind_grouped(layer, weights, operands, result)
               : weights.kernel->form == Form::kPoint
                   ? bind_point(layer, weights, operands, result)
                   : bind_window(layer, weights, operands, result);
    case Op::kDense:
        return bind_dense(layer, weights, operands, result);
    case Op::kMaxPool:
        return bind_max_pool(layer, operands, group, result);
    case Op::kAvgPool:
        return bind_avg_pool(layer, operands, group, reciprocals, result);
    case Op::kGlobalPool:
        return bind_global_pool(operands, group, result);
    case Op::kInvolution:
    case Op::kKernelGeneration:
    case Op::kAggregation:
        return bind_involution_family(layer, weights, operands, reciprocals, result);
    case Op::kLocal:
        return bind_local(layer, weights, operands, result);
    case Op::kReluGrad:
        result->input = add_map(operands.input, group, result);
        result->grad = add_map(operands.grad, group, result);
        result->call.add_cut(result->partition.rows_per_task);
        result->output = add_map(operands.output, group, result);
        return;
    case Op::kAvgPoolGrad:
        result->input = add_map(operands.input, group, result);
        result->residual = add_map(operands.residual, group, result);
        result->call.add_int(layer.stride);
        add_reciprocals(layer, reciprocals, result);
        result->call.add_cut(result->partition.rows_per_task);
        result->output = add_map(operands.output, group, result);
        return;
    case Op::kSoftmax:
        result->input = add_map(operands.input, layer.kernel.taps(), result);
        result->call.add_cut(result->partition.rows_per_task);
        result->output = add_map(operands.output, layer.kernel.taps(), result);
        return;
    case Op::kAggregationGradInput:
    case Op::kAggregationGradWeight:
        return bind_gradient(layer, *weights.kernel, operands, result);
    }
}

} // namespace involute
