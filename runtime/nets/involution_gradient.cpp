// The gradient of an involution's input goes two ways: through the sum over the window, and through
// the kernels that were made from the same input. Both meet in the last layer.
#include "nets/table.h"

namespace involute {

namespace {

class Gradient {
public:
    Gradient(Table *table, int input, const std::string &name, const ParameterNames &names,
             const InvolutionShape &shape)
        : table_(*table), input_(input), name_(name), names_(names), shape_(shape) {}

    int add(int grad) {
        const int grad_kernels = table_.gradient(Op::kAggregationGradWeight, input_,
                                                 name_ + ".kernels_gradient", shape_, -1, grad);
        const int kernels = table_.involution(Op::kKernelGeneration, input_, name_ + ".kernels",
                                              names_, shape_, false);
        generation_ = table_.rows.back().layer;
        const int direct = table_.gradient(Op::kAggregationGradInput, grad, name_ + ".direct",
                                           shape_, kernels, -1);
        Part last = Part::kWeightTransposed;
        int from = grad_kernels;
        if (shape_.hidden != 0) {
            last = Part::kReduceTransposed;
            from = through_relu(
                product(Part::kWeightTransposed, from, "hidden_gradient", shape_.hidden));
        }
        const bool pooled = shape_.stride > 1;
        const int generated = product(last, from, "generation_gradient", table_.channels(input_),
                                      false, pooled ? -1 : direct);
        return pooled ? table_.avg_pool_grad(generated, name_ + ".pool_gradient", shape_.stride,
                                             direct)
                      : generated;
    }

private:
    int product(Part part, int input, const char *what, int64_t out_channels, bool relu = false,
                int residual = -1) {
        const int output =
            table_.conv(input, name_ + "." + what, names_, out_channels, 1, 1, relu, residual);
        table_.rows.back().part = part;
        table_.rows.back().generation = generation_;
        return output;
    }

    int through_relu(int grad_hidden) {
        int pooled = input_;
        if (shape_.stride > 1)
            pooled =
                table_.pool(Op::kAvgPool, input_, name_ + ".pool", shape_.stride, shape_.stride);
        const int hidden = product(Part::kReduce, pooled, "hidden", shape_.hidden, true);
        return table_.relu_grad(hidden, name_ + ".relu_gradient", grad_hidden);
    }

    Table &table_;
    int input_;
    std::string name_;
    ParameterNames names_;
    InvolutionShape shape_;
    LayerSpec generation_;
};

} // namespace

int add_involution_grad_input(Table *table, int input, int grad, const std::string &name,
                              const ParameterNames &names, const InvolutionShape &shape) {
    return Gradient(table, input, name, names, shape).add(grad);
}

} // namespace involute
