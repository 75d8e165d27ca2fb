// Generators of the max_pool, avg_pool and global_pool rows; arguments in the order of
// docs/kernel-interface.md.
#include "generators/avg_pool.h"
#include "generators/emit/row_generator.h"
#include "generators/global_pool.h"
#include "generators/max_pool.h"

namespace involute::emit {
namespace {

using namespace Halide;

class MaxPool : public RowGenerator<MaxPool> {
public:
    Input<Buffer<float, 5>> in{"in"}; // ci, g, x, y, b
    Input<int> kernel_xy{"kernel_xy"}, stride_xy{"stride_xy"}, pad{"pad"};
    Input<int> rows_per_task{"rows_per_task"};
    Output<Buffer<float, 5>> out{"out"}; // ci, g, x, y, b

    void generate() {
        op_ = generators::max_pool(in, in.dim(2).extent(), in.dim(3).extent(), kernel_xy, stride_xy,
                                   pad);
        out = op_.out;
    }

    void schedule() {
        promise_map(in);
        promise_map(out);
        estimate(in, {group(), 4, 56, 56, 1});
        estimate(out, {group(), 4, 28, 28, 1});
        kernel_xy.set_estimate(3), stride_xy.set_estimate(2), pad.set_estimate(1);
        rows_per_task.set_estimate(7);
        schedule_by_name(op_, NoKnobs(), rows_per_task);
    }

private:
    generators::MaxPool op_;
};

class AvgPool : public RowGenerator<AvgPool> {
public:
    Input<Buffer<float, 5>> in{"in"}; // ci, g, x, y, b
    Input<int> stride_xy{"stride_xy"};
    Input<Buffer<float, 1>> reciprocal{"reciprocal"};
    Input<int> pixels_per_task{"pixels_per_task"};
    Output<Buffer<float, 4>> out{"out"}; // ci, g, p, b

    void generate() {
        op_ =
            generators::avg_pool(in, in.dim(2).extent(), in.dim(3).extent(), stride_xy, reciprocal);
        out = op_.out;
    }

    void schedule() {
        promise_map(in);
        promise_map(out);
        estimate(in, {group(), 4, 56, 56, 1});
        estimate(reciprocal, {5});
        estimate(out, {group(), 4, 28 * 28, 1});
        stride_xy.set_estimate(2), pixels_per_task.set_estimate(28 * 7);
        schedule_by_name(op_, NoKnobs(), pixels_per_task);
    }

private:
    generators::AvgPool op_;
};

class GlobalPool : public RowGenerator<GlobalPool> {
public:
    Input<Buffer<float, 4>> in{"in"}; // ci, g, p, b
    Input<float> reciprocal{"reciprocal"};
    Output<Buffer<float, 3>> out{"out"}; // ci, g, b

    void generate() {
        op_ = generators::global_pool(in, in.dim(2).extent(), reciprocal);
        out = op_.out;
    }

    void schedule() {
        promise_map(in);
        promise_map(out);
        estimate(in, {group(), 128, 49, 1});
        estimate(out, {group(), 128, 1});
        reciprocal.set_estimate(1.f / 49);
        schedule_by_name(op_, NoKnobs());
    }

private:
    generators::GlobalPool op_;
};

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::MaxPool, max_pool)
HALIDE_REGISTER_GENERATOR(involute::emit::AvgPool, avg_pool)
HALIDE_REGISTER_GENERATOR(involute::emit::GlobalPool, global_pool)
