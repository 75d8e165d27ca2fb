// Generator of the aggregation rows; arguments in the order of docs/kernel-interface.md.
#include "generators/aggregation.h"

#include "generators/emit/row_generator.h"
#include "schedules/naive/schedules.h"
#include "schedules/x86/schedules.h"

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
        if (stride.value() != 1) {
            stride_ = add_input<int>("stride_xy");
        }
        rows_per_task_ = add_input<int>("rows_per_task");
        out_ = add_output<Buffer<>>("out", Float(32), 5);
    }

    void generate() {
        generators::AggregationInputs inputs;
        inputs.in = *in_;
        inputs.width = in_->dim(2).extent(), inputs.height = in_->dim(3).extent();
        inputs.kernel = kernel;
        if (stride_ != nullptr) {
            inputs.stride = *stride_;
        }
        inputs.scale = *scale_, inputs.shift = *shift_, inputs.floor = *floor_;
        const Func kernels = *kernels_;
        inputs.weight = [kernels](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
            return kernels(kx, ky, g, x, y, b);
        };
        op_ = generators::aggregation(inputs);
        *out_ = op_.out;
    }

    void schedule() {
        promise_groups(*in_, kGroup, 5);
        promise_groups(*out_, kGroup, 5);
        promise_groups(*scale_, kGroup, 2);
        promise_groups(*shift_, kGroup, 2);
        promise_packed(*kernels_, kernel.value(), 6);
        kernels_->dim(1).set_bounds(0, kernel.value()).set_stride(kernel.value());
        kernels_->dim(2).set_stride(taps());
        set_estimates();
        if (naive()) {
            schedules::naive::schedule(op_);
        } else if (hand()) {
            schedules::x86::schedule(op_, knobs<schedules::AggregationKnobs>(), machine(),
                                     *rows_per_task_);
        }
    }

private:
    void set_estimates() {
        const int groups = 4, step = stride.value() == 1 ? 1 : 2;
        estimate(*in_, {kGroup, groups, 28 * step, 28 * step, 1});
        estimate(*kernels_, {kernel, kernel, groups, 28, 28, 1});
        estimate(*scale_, {kGroup, groups});
        estimate(*shift_, {kGroup, groups});
        floor_->set_estimate(0);
        if (stride_ != nullptr) {
            stride_->set_estimate(step);
        }
        rows_per_task_->set_estimate(7);
        estimate(*out_, {kGroup, groups, 28, 28, 1});
    }

    GeneratorInput<Buffer<>> *in_ = nullptr, *kernels_ = nullptr, *scale_ = nullptr,
                             *shift_ = nullptr;
    GeneratorInput<float> *floor_ = nullptr;
    GeneratorInput<int> *stride_ = nullptr, *rows_per_task_ = nullptr;
    GeneratorOutput<Buffer<>> *out_ = nullptr;
    generators::Aggregation op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Aggregation, aggregation)
