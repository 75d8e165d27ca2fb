// Generators of the relu_grad and avg_pool_grad rows; arguments in the order of
// docs/kernel-interface.md.
#include "generators/avg_pool_grad.h"
#include "generators/emit/row_generator.h"
#include "generators/relu_grad.h"

namespace involute::emit {
namespace {

using namespace Halide;

class ReluGrad : public RowGenerator<ReluGrad> {
public:
    Input<Buffer<float, 5>> in{"in"};     // ci, g, x, y, b
    Input<Buffer<float, 5>> grad{"grad"}; // ci, g, x, y, b
    Input<int> rows_per_task{"rows_per_task"};
    Output<Buffer<float, 5>> out{"out"}; // ci, g, x, y, b

    void generate() {
        op_ = generators::relu_grad(in, grad);
        out = op_.out;
    }

    void schedule() {
        for (OutputImageParam tensor : std::initializer_list<OutputImageParam>{in, grad, out}) {
            promise_map(tensor);
            estimate(tensor, {group(), 4, 28, 28, 1});
        }
        rows_per_task.set_estimate(7);
        schedule_by_name(op_, NoKnobs(), rows_per_task);
    }

private:
    generators::ReluGrad op_;
};

class AvgPoolGrad : public RowGenerator<AvgPoolGrad> {
public:
    Input<Buffer<float, 5>> grad{"grad"};     // ci, g, xo, yo, b
    Input<Buffer<float, 5>> addend{"addend"}; // ci, g, x, y, b
    Input<int> stride_xy{"stride_xy"};
    Input<Buffer<float, 1>> reciprocal{"reciprocal"};
    Input<int> rows_per_task{"rows_per_task"};
    Output<Buffer<float, 5>> out{"out"}; // ci, g, x, y, b

    void generate() {
        op_ = generators::avg_pool_grad(grad, addend, addend.dim(2).extent(),
                                        addend.dim(3).extent(), stride_xy, reciprocal);
        out = op_.out;
    }

    void schedule() {
        for (OutputImageParam tensor : std::initializer_list<OutputImageParam>{addend, out}) {
            promise_map(tensor);
            estimate(tensor, {group(), 4, 56, 56, 1});
        }
        promise_map(grad);
        estimate(grad, {group(), 4, 28, 28, 1});
        estimate(reciprocal, {5});
        stride_xy.set_estimate(2), rows_per_task.set_estimate(14);
        schedule_by_name(op_, NoKnobs(), rows_per_task);
    }

private:
    generators::AvgPoolGrad op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::ReluGrad, relu_grad)
HALIDE_REGISTER_GENERATOR(involute::emit::AvgPoolGrad, avg_pool_grad)
