// Generator of the conv2d rows; arguments in the order of docs/kernel-interface.md.
#include "generators/conv2d.h"

#include "generators/conv2d_patches.h"
#include "generators/emit/row_generator.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Conv2d : public RowGenerator<Conv2d> {
public:
    void configure() {
        const bool point = form.value() == "point";
        in_ = point ? add_input<Buffer<>>("in", Float(32), 2)
                    : add_input<Buffer<>>("in", Float(32), 3);
        weight_ = add_input<Buffer<>>("weight", Float(32), point ? 3 : 4);
        bias_ = add_input<Buffer<>>("bias", Float(32), 2);
        residual_ = add_input<Buffer<>>("residual", Float(32), point ? 3 : 4);
        floor_ = add_input<float>("floor");
        if (!point) {
            channels_ = add_input<int>("channels_in");
            stride_ = add_input<int>("stride_xy");
            pad_ = add_input<int>("pad");
            width_ = add_input<int>("width");
        }
        pixels_per_task_ = add_input<int>("pixels_per_task");
        blocks_per_task_ = add_input<int>("blocks_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), point ? 3 : 4);
    }

    void generate() {
        if (on_device()) {
            patches_ = generators::conv2d_patches(patches_inputs());
            *out_ = patches_.out;
            return;
        }
        const generators::Conv2dEpilogue epilogue{*bias_, *residual_, *floor_,
                                                  residual_->dim(2).extent(), packing};
        if (form.value() == "point") {
            op_ = generators::conv2d_point(*in_, *weight_, weight_->dim(1).extent(), epilogue);
        } else {
            generators::Conv2dWindow window;
            window.channels = constant_or(channels, *channels_);
            window.stride = constant_or(stride, *stride_);
            window.width = out_width(*width_);
            window.run = weight_->dim(1).extent(), window.rows = weight_->dim(2).extent();
            if (form.value() == "window") {
                window.pad = kernel != 0 ? Expr((kernel.value() - 1) / 2) : Expr(*pad_);
            }
            window.row_elements = in_->dim(0).extent(), window.height = in_->dim(1).extent();
            op_ = generators::conv2d_window(*in_, *weight_, window, epilogue);
        }
        *out_ = op_.out;
    }

    void schedule() {
        const int nr = packing;
        for (int d = 0; d < in_->dimensions(); d++) {
            in_->dim(d).set_min(0);
        }
        promise_packed(*weight_, nr, weight_->dimensions());
        weight_->dim(1).set_stride(nr);
        promise_packed(*bias_, nr, 2);
        bias_->dim(1).set_stride(nr);
        promise_packed(*residual_, nr, residual_->dimensions());
        residual_->dim(2).set_bounds(0, out_->dim(2).extent()); // the clamp hides what is missing
        promise_packed(*out_, nr, out_->dimensions());
        out_->dim(1).set_stride(nr);
        fix_sizes();
        set_estimates();
        if (on_device()) {
            if (form.value() != "window") {
                weight_->dim(1).set_bounds(0, weight_->dim(1).extent() / nr * nr);
            }
            if (form.value() == "point") {
                in_->dim(1).set_stride(in_->dim(1).stride() / 16 * 16);
            }
            in_->set_host_alignment(64);
            schedule_on_device(patches_, schedules::gpu::ProductKnobs::conv2d(isa, form, packing));
            return;
        }
        schedule_by_name<NoKnobs>(
            op_, [&] { return knobs<schedules::Conv2dKnobs>(); },
            schedules::cpu::ProductCut{*pixels_per_task_, *blocks_per_task_}, get_pipeline());
    }

private:
    generators::Conv2dPatchesInputs patches_inputs() {
        generators::Conv2dPatchesInputs inputs;
        inputs.in = *in_, inputs.weight = *weight_;
        inputs.bias = *bias_, inputs.residual = *residual_, inputs.floor = *floor_;
        inputs.pixels = residual_->dim(2).extent(), inputs.packing = packing;
        inputs.run = weight_->dim(1).extent();
        if (form.value() != "window") { // these rows take whole blocks of channels only
            inputs.run = inputs.run / packing.value() * packing.value();
        }
        inputs.point = form.value() == "point";
        if (!inputs.point) {
            inputs.rows = weight_->dim(2).extent();
            inputs.channels = *channels_, inputs.stride = *stride_, inputs.pad = *pad_;
            inputs.width = *width_;
            inputs.pads = form.value() == "window";
            inputs.row_elements = in_->dim(0).extent(), inputs.height = in_->dim(1).extent();
        }
        return inputs;
    }
    Expr out_width(const Expr &argument) const {
        const bool known = one_size() && stride != 0;
        return known ? Expr((map_width.value() + stride.value() - 1) / stride.value()) : argument;
    }

    // What a row for one layer knows: channels, window, size.
    void fix_sizes() {
        const int input = channels, window = kernel != 0 ? kernel : 1;
        if (form.value() == "point") {
            if (input != 0) {
                in_->dim(0).set_bounds(0, input);
                weight_->dim(1).set_bounds(0, input);
            }
            if (one_size() && images != 0) {
                in_->dim(1).set_bounds(0, map_width.value() * map_height.value() * images.value());
            }
            return;
        }
        fix_images(*in_);
        if (input != 0 && kernel != 0) {
            weight_->dim(1).set_bounds(0, window * input);
            weight_->dim(2).set_bounds(0, window);
        }
        fix_images(*out_);
        if (one_size()) {
            in_->dim(1).set_bounds(0, map_height.value());
            if (input != 0) {
                in_->dim(0).set_bounds(0, map_width.value() * input);
            }
        }
    }

    void set_estimates() {
        const int nr = packing;
        floor_->set_estimate(0);
        pixels_per_task_->set_estimate(784);
        blocks_per_task_->set_estimate(8);
        if (form.value() == "point") {
            estimate(*in_, {256, 784});
            estimate(*weight_, {nr, 256, 128 / nr});
            estimate(*bias_, {nr, 128 / nr});
            estimate(*residual_, {nr, 128 / nr, 784});
            estimate(*out_, {nr, 128 / nr, 784});
            return;
        }
        const int k = form.value() == "window" ? 3 : 1;
        channels_->set_estimate(64);
        stride_->set_estimate(1);
        pad_->set_estimate(k / 2);
        width_->set_estimate(28);
        estimate(*in_, {28 * 64, 28, 1});
        estimate(*weight_, {nr, k * 64, k, 64 / nr});
        estimate(*bias_, {nr, 64 / nr});
        estimate(*residual_, {nr, 64 / nr, 784, 1});
        estimate(*out_, {nr, 64 / nr, 784, 1});
    }

    GeneratorInput<Buffer<>> *in_ = nullptr, *weight_ = nullptr, *bias_ = nullptr,
                             *residual_ = nullptr;
    GeneratorInput<float> *floor_ = nullptr;
    GeneratorInput<int> *channels_ = nullptr, *stride_ = nullptr, *pad_ = nullptr,
                        *width_ = nullptr, *pixels_per_task_ = nullptr, *blocks_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::Conv2d op_;
    generators::Conv2dPatches patches_; // on a device
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Conv2d, conv2d)
