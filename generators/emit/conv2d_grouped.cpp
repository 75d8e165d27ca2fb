// Generator of the conv2d rows for groups, dilation and depthwise windows; arguments in the order
// of docs/kernel-interface.md.
#include "generators/conv2d_grouped.h"

#include "generators/emit/row_generator.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Conv2dGrouped : public RowGenerator<Conv2dGrouped> {
public:
    void configure() {
        in_ = add_input<Buffer<>>("in", Float(32), 3);
        weight_ = add_input<Buffer<>>("weight", Float(32), 5);
        bias_ = add_input<Buffer<>>("bias", Float(32), 2);
        residual_ = add_input<Buffer<>>("residual", Float(32), 4);
        floor_ = add_input<float>("floor");
        channels_ = add_input<int>("channels_in");
        stride_ = add_input<int>("stride_xy");
        dilation_ = add_input<int>("dilation_xy");
        width_ = add_input<int>("width");
        pixels_per_task_ = add_input<int>("pixels_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 4);
    }

    void generate() {
        generators::Conv2dGroupedInputs inputs;
        inputs.in = *in_;
        inputs.row_elements = in_->dim(0).extent(), inputs.height = in_->dim(1).extent();
        inputs.channels = constant_or(channels, *channels_), inputs.weight = *weight_;
        inputs.depthwise = form.value() == "depthwise";
        inputs.group_depth = inputs.depthwise ? Expr(1) : weight_->dim(1).extent();
        inputs.kernel_width = constant_or(kernel, weight_->dim(2).extent());
        inputs.kernel_height = constant_or(kernel, weight_->dim(3).extent());
        inputs.stride = constant_or(stride, *stride_), inputs.dilation = *dilation_,
        inputs.width = *width_;
        inputs.pixels = residual_->dim(2).extent();
        inputs.bias = *bias_, inputs.residual = *residual_, inputs.floor = *floor_;
        op_ = generators::conv2d_grouped(inputs);
        *out_ = op_.out;
    }

    void schedule() {
        for (OutputImageParam tensor :
             std::initializer_list<OutputImageParam>{*in_, *weight_, *bias_, *residual_, *out_}) {
            promise_zero_based(tensor);
        }
        const Expr outputs = out_->dim(0).extent();
        const Expr padded = (outputs + packing - 1) / packing * packing;
        weight_->dim(0).set_bounds(0, padded);
        const bool depthwise = form.value() == "depthwise";
        const Expr depth = *channels_ / weight_->dim(4).extent();
        weight_->dim(1).set_bounds(0, depthwise ? Expr(1) : depth).set_stride(padded);
        bias_->dim(0).set_bounds(0, padded);
        residual_->dim(2).set_bounds(0, out_->dim(2).extent()); // the clamp hides what is missing
        for (int d = 2; d < 4 && kernel != 0; d++) {
            weight_->dim(d).set_bounds(0, kernel.value());
        }
        fix_images(*in_);
        fix_images(*out_);
        if (one_size()) {
            in_->dim(1).set_bounds(0, map_height.value());
        }
        set_estimates();
        schedule_by_name(
            op_, [&] { return knobs<schedules::Conv2dGroupedKnobs>(); }, *pixels_per_task_);
    }

private:
    void set_estimates() {
        const bool depthwise = form.value() == "depthwise";
        const int outputs = depthwise ? 64 : 16, groups = depthwise ? 1 : 4;
        floor_->set_estimate(0);
        channels_->set_estimate(64);
        stride_->set_estimate(1);
        dilation_->set_estimate(1);
        width_->set_estimate(28);
        pixels_per_task_->set_estimate(784);
        estimate(*in_, {28 * 64, 28, 1});
        estimate(*weight_, {outputs, depthwise ? 1 : 16, 3, 3, groups});
        estimate(*bias_, {outputs, groups});
        estimate(*residual_, {outputs, groups, 784, 1});
        estimate(*out_, {outputs, groups, 784, 1});
    }

    GeneratorInput<Buffer<>> *in_ = nullptr, *weight_ = nullptr, *bias_ = nullptr,
                             *residual_ = nullptr;
    GeneratorInput<float> *floor_ = nullptr;
    GeneratorInput<int> *channels_ = nullptr, *stride_ = nullptr, *dilation_ = nullptr,
                        *width_ = nullptr, *pixels_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::Conv2dGrouped op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Conv2dGrouped, conv2d_grouped)
