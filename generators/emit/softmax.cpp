// Generator of the softmax row; arguments in the order of docs/kernel-interface.md.
#include "generators/softmax.h"

#include "generators/emit/row_generator.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Softmax : public RowGenerator<Softmax> {
public:
    Input<Buffer<float, 5>> in{"in"}; // t, g, x, y, b
    Input<int> rows_per_task{"rows_per_task"};
    Output<Buffer<float, 5>> out{"out"}; // t, g, x, y, b

    void generate() {
        op_ = generators::softmax(in, in.dim(0).extent());
        out = op_.out;
    }

    void schedule() {
        promise_zero_based(in);
        promise_zero_based(out);
        in.dim(0).set_bounds(0, out.dim(0).extent()); // the border hides what is missing
        estimate(in, {49, 4, 28, 28, 1});
        estimate(out, {49, 4, 28, 28, 1});
        rows_per_task.set_estimate(7);
        schedule_by_name(op_, NoKnobs(), rows_per_task);
    }

private:
    generators::Softmax op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Softmax, softmax)
