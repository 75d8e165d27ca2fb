// Rows and tensors of table.h. Shapes follow from the input tensor, so a row cannot contradict it.
#include "nets/table.h"

namespace involute {

int Table::add_row(Row row) {
    row.layer.output = static_cast<int>(tensors.size());
    TensorSpec output;
    output.channels = row.layer.out_channels;
    output.is_kernels = makes_kernels(row.layer.op);
    output.is_vector = row.layer.op == Op::kGlobalPool || row.layer.op == Op::kDense;
    tensors.push_back(std::move(output));
    rows.push_back(std::move(row));
    return rows.back().layer.output;
}

Row Table::of_involution_family(Op op, int input, const std::string &name,
                                const InvolutionShape &shape) const {
    Row row;
    row.layer.op = op;
    row.layer.name = name;
    row.layer.kernel = shape.kernel;
    row.layer.stride = shape.stride;
    row.layer.dilation = shape.dilation;
    row.layer.in_channels = channels(input);
    row.layer.group_channels = shape.group_channels;
    row.layer.out_channels = makes_kernels(op)
                                 ? shape.kernel.taps() * (channels(input) / shape.group_channels)
                                 : channels(input);
    row.layer.input = input;
    return row;
}

int Table::add_input(const char *name, int64_t channels) {
    TensorSpec tensor;
    tensor.name = name;
    tensor.channels = channels;
    tensors.push_back(std::move(tensor));
    inputs.push_back(static_cast<int>(tensors.size()) - 1);
    return inputs.back();
}

int Table::conv(int input, const std::string &name, const ParameterNames &names,
                int64_t out_channels, const KernelSize &kernel, int64_t stride, bool relu,
                int residual) {
    Row row;
    row.layer.op = Op::kConv2d;
    row.layer.name = name;
    row.layer.kernel = kernel;
    row.layer.stride = stride;
    row.layer.in_channels = channels(input);
    row.layer.out_channels = out_channels;
    row.layer.relu = relu;
    row.layer.input = input;
    row.layer.residual = residual;
    row.names = names;
    return add_row(std::move(row));
}

int Table::involution(Op op, int input, const std::string &name, const ParameterNames &names,
                      const InvolutionShape &shape, bool relu, int kernels) {
    Row row = of_involution_family(op, input, name, shape);
    row.layer.hidden = shape.hidden;
    row.layer.relu = relu;
    row.layer.kernels = kernels;
    row.names = names;
    return add_row(std::move(row));
}

int Table::gradient(Op op, int input, const std::string &name, const InvolutionShape &shape,
                    int kernels, int grad) {
    Row row = of_involution_family(op, input, name, shape);
    row.layer.kernels = kernels;
    row.layer.grad = grad;
    return add_row(std::move(row));
}

int Table::relu_grad(int input, const std::string &name, int grad) {
    const int output = pool(Op::kReluGrad, input, name, 1, 1);
    rows.back().layer.grad = grad;
    return output;
}

int Table::avg_pool_grad(int input, const std::string &name, int64_t stride, int addend) {
    const int output = pool(Op::kAvgPoolGrad, input, name, stride, stride);
    rows.back().layer.residual = addend;
    return output;
}

int Table::softmax(int input, const std::string &name, const KernelSize &kernel) {
    return pool(Op::kSoftmax, input, name, kernel, 1);
}

int Table::pool(Op op, int input, const std::string &name, const KernelSize &kernel,
                int64_t stride) {
    Row row;
    row.layer.op = op;
    row.layer.name = name;
    row.layer.kernel = kernel;
    row.layer.stride = stride;
    row.layer.in_channels = row.layer.out_channels = channels(input);
    row.layer.input = input;
    return add_row(std::move(row));
}

int Table::global_pool(int input, const std::string &name) {
    return pool(Op::kGlobalPool, input, name, 1, 1);
}

int Table::dense(int input, const std::string &name, const ParameterNames &names,
                 int64_t out_channels) {
    Row row;
    row.layer.op = Op::kDense;
    row.layer.name = name;
    row.layer.in_channels = channels(input);
    row.layer.out_channels = out_channels;
    row.layer.input = input;
    row.names = names;
    return add_row(std::move(row));
}

void Table::add_output(int tensor, const std::string &name) {
    tensors[static_cast<size_t>(tensor)].name = name;
    outputs.push_back(tensor);
}

ParameterNames involution_names(const std::string &module, bool bottleneck,
                                const std::string &norm) {
    const std::string prefix = module.empty() ? "" : module + ".";
    ParameterNames names;
    names.weight = prefix + "conv2.conv.weight";
    names.bias = prefix + "conv2.conv.bias";
    names.norm = norm;
    if (bottleneck) {
        names.reduce_weight = prefix + "conv1.conv.weight";
        names.reduce_norm = prefix + "conv1.bn";
    }
    return names;
}

} // namespace involute
