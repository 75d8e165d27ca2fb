// Generator of the dense row; arguments in the order of docs/kernel-interface.md.
#include "generators/dense.h"

#include "generators/emit/row_generator.h"

namespace involute::emit {
namespace {

using namespace Halide;

class Dense : public RowGenerator<Dense> {
public:
    Input<Buffer<float, 2>> in{"in"};         // k, b
    Input<Buffer<float, 3>> weight{"weight"}; // ni, k, no
    Input<Buffer<float, 2>> bias{"bias"};     // ni, no
    Output<Buffer<float, 3>> out{"out"};      // ni, no, b

    void generate() {
        op_ = generators::dense(in, weight, bias, weight.dim(1).extent());
        out = op_.out;
    }

    void schedule() {
        const int nr = packing;
        in.dim(0).set_min(0), in.dim(1).set_min(0);
        promise_packed(weight, nr, 3);
        weight.dim(1).set_stride(nr);
        promise_packed(bias, nr, 2);
        bias.dim(1).set_stride(nr);
        promise_packed(out, nr, 3);
        out.dim(1).set_stride(nr);
        estimate(in, {2048, 1});
        estimate(weight, {nr, 2048, 1024 / nr});
        estimate(bias, {nr, 1024 / nr});
        estimate(out, {nr, 1024 / nr, 1});
        schedule_by_name<schedules::gpu::DenseKnobs>(
            op_, [&] { return knobs<schedules::DenseKnobs>(); });
    }

private:
    generators::Dense op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Dense, dense)
