// Generator of the aggregation_grad_input rows; arguments in the order of docs/kernel-interface.md.
#include "generators/aggregation_grad_input.h"

#include "generators/emit/window_row.h"

namespace involute::emit {
namespace {

using namespace Halide;

class AggregationGradInput : public WindowRow<AggregationGradInput> {
public:
    void configure() {
        grad_ = add_input<Buffer<>>("grad", Float(32), 5);
        kernels_ = add_input<Buffer<>>("kernels", Float(32), 5);
        add_window();
        if (!constant()) {
            tap_step_ = add_input<int>("tap_step");
        }
        rows_per_task_ = add_input<int>("rows_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 5);
    }

    void generate() {
        const Expr width = grad_->dim(2).extent(), height = grad_->dim(3).extent();
        op_ = constant()
                  ? generators::aggregation_grad_input(*grad_, *kernels_, width, height, kernel)
                  : generators::aggregation_grad_input(
                        *grad_, *kernels_, width, height, grad_->dim(0).extent(),
                        {*kernel_, *stride_, *dilation_, *tap_step_});
        *out_ = op_.out;
    }

    void schedule() {
        promise_map(*grad_, *grad_);
        promise_map(*out_, *grad_);
        promise_kernels(*kernels_);
        set_estimates();
        schedule_by_name(
            op_, [&] { return knobs<schedules::AggregationGradInputKnobs>(); }, *rows_per_task_,
            get_pipeline());
    }

private:
    void set_estimates() {
        const int groups = 4;
        estimate_window();
        if (tap_step_ != nullptr) {
            tap_step_->set_estimate(1);
        }
        estimate(*grad_, {group(), groups, 28, 28, 1});
        estimate(*kernels_, {estimated_taps(), groups, 28, 28, 1});
        rows_per_task_->set_estimate(28);
        estimate(*out_, {group(), groups, 28, 28, 1});
    }

    TensorInput *grad_ = nullptr, *kernels_ = nullptr;
    IntInput *tap_step_ = nullptr, *rows_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::AggregationGradInput op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::AggregationGradInput, aggregation_grad_input)
