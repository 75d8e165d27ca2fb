// Generator of the local rows; arguments in the order of docs/kernel-interface.md.
#include "generators/local.h"

#include "generators/emit/row_generator.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Local : public RowGenerator<Local> {
public:
    Input<Buffer<float, 3>> in{"in"};         // e, y, b
    Input<Buffer<float, 6>> weight{"weight"}; // o, c, kx, ky, g, p
    Input<Buffer<float, 3>> bias{"bias"};     // o, g, p
    Input<float> floor{"floor"};
    Input<int> channels_in{"channels_in"}, stride_xy{"stride_xy"}, dilation_xy{"dilation_xy"};
    Input<int> width{"width"}; // of the output
    Input<int> rows_per_task{"rows_per_task"};
    Output<Buffer<float, 5>> out{"out"}; // o, g, x, y, b

    void generate() {
        generators::LocalInputs inputs;
        inputs.in = in;
        inputs.row_elements = in.dim(0).extent(), inputs.height = in.dim(1).extent();
        inputs.channels = constant_or(channels, channels_in), inputs.weight = weight;
        inputs.depthwise = depthwise();
        inputs.group_depth = depthwise() ? Expr(1) : weight.dim(1).extent();
        inputs.kernel_width = constant_or(kernel, weight.dim(2).extent());
        inputs.kernel_height = constant_or(kernel, weight.dim(3).extent());
        inputs.stride = constant_or(stride, stride_xy), inputs.dilation = dilation_xy;
        inputs.width = width;
        inputs.bias = bias, inputs.floor = floor;
        op_ = generators::local(inputs);
        out = op_.out;
    }

    void schedule() {
        for (OutputImageParam tensor :
             std::initializer_list<OutputImageParam>{in, weight, bias, out}) {
            promise_zero_based(tensor);
        }
        const Expr padded = (out.dim(0).extent() + packing - 1) / packing * packing;
        const Expr depth = channels_in / weight.dim(4).extent();
        weight.dim(0).set_bounds(0, padded);
        weight.dim(1).set_bounds(0, depthwise() ? Expr(1) : depth).set_stride(padded);
        bias.dim(0).set_bounds(0, padded);
        for (int d = 2; d < 4 && kernel != 0; d++) {
            weight.dim(d).set_bounds(0, kernel.value());
        }
        out.dim(2).set_bounds(0, width);
        fix_images(in);
        fix_images(out);
        if (one_size()) {
            in.dim(1).set_bounds(0, map_height.value());
        }
        set_estimates();
        schedule_by_name(
            op_, [&] { return knobs<schedules::LocalKnobs>(); }, rows_per_task);
    }

private:
    bool depthwise() const {
        return form.value() == "depthwise";
    }
    void set_estimates() {
        const int outputs = depthwise() ? 64 : 16, groups = depthwise() ? 1 : 4;
        floor.set_estimate(0);
        channels_in.set_estimate(64);
        stride_xy.set_estimate(1);
        dilation_xy.set_estimate(1);
        width.set_estimate(28);
        rows_per_task.set_estimate(7);
        estimate(in, {28 * 64, 28, 1});
        estimate(weight, {outputs, depthwise() ? 1 : 16, 3, 3, groups, 784});
        estimate(bias, {outputs, groups, 784});
        estimate(out, {outputs, groups, 28, 28, 1});
    }

    generators::Local op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Local, local)
