// Generator of the aggregation rows; arguments in the order of docs/kernel-interface.md.
#include "generators/aggregation.h"

#include "generators/emit/row_generator.h"
#include "generators/involution_map.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Aggregation : public RowGenerator<Aggregation> {
public:
    void configure() {
        in_ = add_input<Buffer<>>("in", Float(32), 5);
        kernels_ = add_input<Buffer<>>("kernels", Float(32), 6);
        scale_ = add_input<Buffer<>>("scale", Float(32), 2);
        shift_ = add_input<Buffer<>>("shift", Float(32), 2);
        floor_ = add_input<float>("floor");
        if (form.value() == "upsample") {
            upsample_ = add_input<int>("upsample");
        } else if (stride.value() == 0) {
            stride_ = add_input<int>("stride_xy");
        }
        if (generic()) {
            dilation_ = add_input<int>("dilation_xy");
        }
        rows_per_task_ = add_input<int>("rows_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 5);
    }

    void generate() {
        generators::AggregationInputs inputs;
        inputs.in = *in_;
        inputs.width = in_->dim(2).extent(), inputs.height = in_->dim(3).extent();
        inputs.kernel_width = constant_or(kernel, kernels_->dim(0).extent());
        inputs.kernel_height = constant_or(kernel, kernels_->dim(1).extent());
        if (upsample_ != nullptr) {
            inputs.upsample = *upsample_;
        }
        if (stride_ != nullptr) {
            inputs.stride = *stride_;
        } else if (stride.value() != 1) {
            inputs.stride = Expr(stride.value());
        }
        if (generic()) {
            inputs.dilation = *dilation_;
            inputs.out_width = kernels_->dim(3).extent();
        }
        if (form.value() == "clamp") {
            inputs.border = generators::Border::kClamp;
        }
        inputs.scale = *scale_, inputs.shift = *shift_, inputs.floor = *floor_;
        if (stages_kernels()) {
            staged_ = generators::staged_kernels(*kernels_, kernels_->dim(3).extent(),
                                                 kernels_->dim(4).extent());
            const Func staged = staged_.staged;
            inputs.weight = [staged](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
                return staged(x, y, kx, ky, g, b);
            };
        } else {
            const Func kernels = *kernels_;
            inputs.weight = [kernels](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
                return kernels(kx, ky, g, x, y, b);
            };
        }
        op_ = generators::aggregation(inputs);
        *out_ = op_.out;
    }

    void schedule() {
        for (OutputImageParam tensor :
             std::initializer_list<OutputImageParam>{*in_, *scale_, *shift_, *out_}) {
            promise_map(tensor);
        }
        if (generic()) {
            promise_zero_based(*kernels_);
            const Expr kernel_width = kernels_->dim(0).extent();
            if (kernel != 0) {
                kernels_->dim(0).set_bounds(0, kernel.value());
                kernels_->dim(1).set_bounds(0, kernel.value());
            }
            kernels_->dim(1).set_stride(kernel_width);
            kernels_->dim(2).set_stride(kernel_width * kernels_->dim(1).extent());
            kernels_->dim(3).set_bounds(0,
                                        out_->dim(2).extent()); // the clamp hides what is missing
        } else {
            promise_packed(*kernels_, kernel.value(), 6);
            kernels_->dim(1).set_bounds(0, kernel.value()).set_stride(kernel.value());
            kernels_->dim(2).set_stride(taps());
        }
        // Only the size of the input is known where the stride or an upsample is not.
        fix_map(*in_, 1);
        fix_images(*kernels_);
        if (stride != 0 && upsample_ == nullptr) {
            fix_map(*out_, stride);
        } else {
            fix_images(*out_);
        }
        if (channels != 0 && !generic()) {
            for (OutputImageParam tensor :
                 std::initializer_list<OutputImageParam>{*in_, *scale_, *shift_, *out_}) {
                tensor.dim(1).set_bounds(0, channels / group());
            }
            kernels_->dim(2).set_bounds(0, channels / group());
        }
        set_estimates();
        if (stages_kernels()) {
            schedule_on_device(op_, schedules::gpu::WindowKnobs::defaults(isa, kernel, stride),
                               staged_, schedules::gpu::WindowSize{kernel, stride});
            return;
        }
        schedule_by_name(
            op_,
            [&] {
                return changed(
                    generic() ? schedules::AggregationKnobs::generic(machine())
                              : schedules::AggregationKnobs::defaults(machine(), packing, group()));
            },
            *rows_per_task_, get_pipeline());
    }

private:
    // Devices keep the kernels of a tile on the chip where their number is known.
    bool stages_kernels() const {
        return on_device() && !generic();
    }
    void set_estimates() {
        const int groups = 4, step = stride.value() == 1 ? 1 : 2;
        const int size = kernel.value() != 0 ? kernel.value() : 7;
        estimate(*in_, {group(), groups, 28 * step, 28 * step, 1});
        estimate(*kernels_, {size, size, groups, 28, 28, 1});
        estimate(*scale_, {group(), groups});
        estimate(*shift_, {group(), groups});
        floor_->set_estimate(0);
        if (stride_ != nullptr) {
            stride_->set_estimate(step);
        }
        if (upsample_ != nullptr) {
            upsample_->set_estimate(1);
        }
        if (dilation_ != nullptr) {
            dilation_->set_estimate(1);
        }
        rows_per_task_->set_estimate(7);
        estimate(*out_, {group(), groups, 28, 28, 1});
    }

    GeneratorInput<Buffer<>> *in_ = nullptr, *kernels_ = nullptr, *scale_ = nullptr,
                             *shift_ = nullptr;
    GeneratorInput<float> *floor_ = nullptr;
    GeneratorInput<int> *stride_ = nullptr, *upsample_ = nullptr, *dilation_ = nullptr,
                        *rows_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::Aggregation op_;
    generators::StagedKernels staged_; // if stages_kernels()
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Aggregation, aggregation)
