// Generator of the kernel_generation rows; arguments in the order of docs/kernel-interface.md.
#include "generators/kernel_generation.h"

#include "generators/emit/generation_row.h"

namespace involute::emit {
namespace {

using namespace Halide;

class KernelGeneration : public GenerationRow<KernelGeneration> {
public:
    void configure() {
        in_ = tensor("in", 3);
        add_weights();
        add_geometry();
        pixels_per_task_ = add_input<int>("pixels_per_task");
        kernels_ = add_output<Buffer<>>("kernels", Float(32), 3);
    }

    void generate() {
        op_ = generators::kernel_generation(generation_inputs(*in_));
        *kernels_ = op_.out;
    }

    void schedule() {
        if (generic()) {
            promise_zero_based(*in_);
        } else {
            promise_pixels(*in_, group());
        }
        promise_weights(*in_);
        fix_channels(*in_, kernel);
        fix_pixels(*in_);
        fix_images(*kernels_);
        promise_pixels(*kernels_, packing);
        set_estimates();
        if (on_device()) {
            schedule_on_device(op_, schedules::gpu::ProductKnobs::defaults(isa, packing));
            return;
        }
        schedule_by_name<NoKnobs>(
            op_, [&] { return knobs<schedules::KernelGenerationKnobs>(); }, *pixels_per_task_,
            get_pipeline());
    }

private:
    void set_estimates() {
        const int count = 64, taps = 49, step = stride.value() == 1 ? 1 : 2;
        estimate(*in_, {count, 28 * step * 28 * step, 1});
        width_->set_estimate(28 * step);
        estimate_weights(count, taps);
        pixels_per_task_->set_estimate(28 * 7);
        estimate(*kernels_, {packing * kernel_blocks(count, taps), 28 * 28, 1});
    }

    Tensor *in_ = nullptr;
    GeneratorInput<int> *pixels_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *kernels_ = nullptr;
    generators::KernelGeneration op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::KernelGeneration, kernel_generation)
