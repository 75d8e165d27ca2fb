// Generator of the involution rows; arguments in the order of docs/kernel-interface.md.
#include "generators/involution.h"

#include "generators/emit/generation_row.h"
#include "generators/involution_map.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Involution : public GenerationRow<Involution> {
public:
    void configure() {
        in_ = tensor("in", 3);
        add_weights();
        scale_ = tensor("scale", 2);
        shift_ = tensor("shift", 2);
        floor_ = add_input<float>("floor");
        add_geometry();
        if (generic()) {
            kernel_width_ = add_input<int>("kernel_width");
            kernel_height_ = add_input<int>("kernel_height");
            dilation_ = add_input<int>("dilation_xy");
        }
        rows_per_task_ = add_input<int>("rows_per_task");
        rows_per_block_ = add_input<int>("rows_per_block");
        images_per_task_ = add_input<int>("images_per_task");
        threads_per_task_ = add_input<int>("threads_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 5);
    }

    void generate() {
        const generators::KernelGenerationInputs generation = generation_inputs(*in_);
        generators::AggregationInputs aggregation;
        aggregation.kernel_width = aggregation.kernel_height = kernel.value();
        if (generic()) {
            aggregation.kernel_width = constant_or(kernel, *kernel_width_);
            aggregation.kernel_height = constant_or(kernel, *kernel_height_);
            aggregation.dilation = *dilation_;
        }
        aggregation.scale = *scale_, aggregation.shift = *shift_, aggregation.floor = *floor_;
        if (on_device()) {
            generators::InvolutionMapInputs inputs = map_inputs(generation, aggregation);
            if (!generic()) {
                device_knobs_ =
                    device_knobs(schedules::gpu::WindowKnobs::defaults(isa, kernel, stride));
                if (device_knobs_.lanes != 0) { // a warp generates the kernels of a tile
                    inputs.tile_width = device_knobs_.width;
                    inputs.tile_height = device_knobs_.height;
                }
            }
            map_ = generators::involution_map(inputs);
            *out_ = map_.aggregation.out;
            return;
        }
        op_ = generators::involution(generation, aggregation,
                                     generic() ? scale_->dim(0).extent() : Expr(group()));
        *out_ = op_.aggregation.out;
    }

    void schedule() {
        if (generic()) {
            promise_zero_based(*in_);
        } else {
            promise_pixels(*in_, group());
        }
        for (OutputImageParam tensor :
             std::initializer_list<OutputImageParam>{*scale_, *shift_, *out_}) {
            promise_map(tensor);
        }
        promise_weights(*in_);
        fix_channels(*in_, kernel);
        fix_pixels(*in_);
        fix_map(*out_, stride != 0 ? stride : 1);
        if (channels != 0 && !generic()) {
            for (OutputImageParam tensor :
                 std::initializer_list<OutputImageParam>{*scale_, *shift_, *out_}) {
                tensor.dim(1).set_bounds(0, channels / group());
            }
        }
        set_estimates();
        if (on_device() && generic()) {
            schedule_on_device(map_, schedules::gpu::MapKnobs(),
                               schedules::gpu::ProductKnobs::defaults(isa, packing));
            return;
        }
        if (on_device()) {
            schedule_on_device(map_, device_knobs_, schedules::gpu::WindowSize{kernel, stride});
            return;
        }
        schedule_by_name<NoKnobs>(
            op_,
            [&] {
                return changed(
                    generic() ? schedules::InvolutionKnobs::generic(machine(), packing)
                              : schedules::InvolutionKnobs::defaults(machine(), packing, group()));
            },
            schedules::cpu::InvolutionCut{*rows_per_task_, *rows_per_block_, *images_per_task_,
                                          *threads_per_task_},
            get_pipeline());
    }

private:
    generators::InvolutionMapInputs map_inputs(const generators::KernelGenerationInputs &generation,
                                               generators::AggregationInputs aggregation) const {
        aggregation.width = generation.width, aggregation.height = generation.height;
        aggregation.stride = generation.stride;
        generators::InvolutionMapInputs inputs;
        inputs.in = generation.in;
        inputs.group_channels = generic() ? scale_->dim(0).extent() : Expr(group());
        inputs.groups = scale_->dim(1).extent();
        inputs.out_width = generation.out_width, inputs.out_height = generation.out_height;
        inputs.reduce_weight = generation.reduce_weight;
        inputs.reduce_bias = generation.reduce_bias;
        inputs.weight = generation.weight, inputs.bias = generation.bias;
        inputs.hidden_blocks = generation.hidden_blocks, inputs.blocks = generation.blocks;
        inputs.units = generation.units;
        inputs.reciprocal = generation.reciprocal;
        inputs.packing = generation.packing;
        inputs.aggregation = aggregation;
        return inputs;
    }
    void set_estimates() {
        const int count = channels.value() != 0 ? channels.value() : 64, groups = count / group();
        const int step = stride.value() == 1 ? 1 : 2;
        estimate(*in_, {count, 28 * step * 28 * step, 1});
        width_->set_estimate(28 * step);
        estimate_weights(count, generic() ? 49 : taps());
        if (generic()) {
            kernel_width_->set_estimate(7);
            kernel_height_->set_estimate(7);
            dilation_->set_estimate(1);
        }
        estimate(*scale_, {group(), groups});
        estimate(*shift_, {group(), groups});
        floor_->set_estimate(0);
        rows_per_task_->set_estimate(7);
        rows_per_block_->set_estimate(7);
        images_per_task_->set_estimate(1);
        threads_per_task_->set_estimate(1);
        estimate(*out_, {group(), groups, 28, 28, 1});
    }

    Tensor *in_ = nullptr, *scale_ = nullptr, *shift_ = nullptr;
    GeneratorInput<float> *floor_ = nullptr;
    GeneratorInput<int> *kernel_width_ = nullptr, *kernel_height_ = nullptr, *dilation_ = nullptr,
                        *rows_per_task_ = nullptr, *rows_per_block_ = nullptr,
                        *images_per_task_ = nullptr, *threads_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::Involution op_;
    generators::InvolutionMap map_; // on a device
    schedules::gpu::WindowKnobs device_knobs_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Involution, involution)
