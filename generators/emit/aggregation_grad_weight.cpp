// Generator of the aggregation_grad_weight rows; arguments in the order of
// docs/kernel-interface.md.
#include "generators/aggregation_grad_weight.h"

#include "generators/emit/window_row.h"

namespace involute::emit {
namespace {

using namespace Halide;

class AggregationGradWeight : public WindowRow<AggregationGradWeight> {
public:
    void configure() {
        in_ = add_input<Buffer<>>("in", Float(32), 5);
        grad_ = add_input<Buffer<>>("grad", Float(32), 5);
        add_window();
        rows_per_task_ = add_input<int>("rows_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 5);
    }

    void generate() {
        generators::AggregationGradWeightInputs inputs;
        inputs.in = *in_, inputs.grad = *grad_;
        inputs.width = in_->dim(2).extent(), inputs.height = in_->dim(3).extent();
        inputs.constant_kernel = kernel;
        if (!constant()) {
            inputs.kernel = *kernel_, inputs.stride = *stride_, inputs.dilation = *dilation_;
            inputs.group_channels = in_->dim(0).extent();
            inputs.out_width = grad_->dim(2).extent();
        }
        op_ = generators::aggregation_grad_weight(inputs);
        *out_ = op_.out;
    }

    void schedule() {
        promise_map(*in_, *in_);
        promise_map(*grad_, *in_);
        promise_kernels(*out_);
        set_estimates();
        schedule_by_name(
            op_, [&] { return knobs<schedules::AggregationGradWeightKnobs>(); }, *rows_per_task_);
    }

private:
    void set_estimates() {
        const int groups = 4;
        estimate_window();
        estimate(*in_, {group(), groups, 28, 28, 1});
        estimate(*grad_, {group(), groups, 28, 28, 1});
        rows_per_task_->set_estimate(28);
        estimate(*out_, {estimated_taps(), groups, 28, 28, 1});
    }

    TensorInput *in_ = nullptr, *grad_ = nullptr;
    IntInput *rows_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::AggregationGradWeight op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::AggregationGradWeight, aggregation_grad_weight)
