// What the generators of the aggregation's gradients share: with a constant window in groups of 16
// channels, or with both at run time (kernel = 0).
#pragma once

#include "generators/emit/row_generator.h"

namespace involute::emit {

template <typename T>
class WindowRow : public RowGenerator<T> {
protected:
    using IntInput = Halide::GeneratorInput<int>;
    using TensorInput = Halide::GeneratorInput<Halide::Buffer<>>;

    bool constant() const {
        return this->kernel.value() != 0;
    }
    void add_window() {
        if (!constant()) {
            kernel_ = this->template add_input<int>("kernel_xy");
            stride_ = this->template add_input<int>("stride_xy");
            dilation_ = this->template add_input<int>("dilation_xy");
        }
    }
    // (ci, g, x, y, b) with as many channels in a group as `first` has.
    void promise_map(Halide::OutputImageParam map, Halide::OutputImageParam first) {
        if (constant()) {
            promise_groups(map, this->group(), 5);
            return;
        }
        promise_packed(map, first.dim(0).extent(), 5);
        map.dim(1).set_stride(first.dim(0).extent());
    }
    // (t, g, x, y, b)
    void promise_kernels(Halide::OutputImageParam kernels) {
        const Halide::Expr taps =
            constant() ? Halide::Expr(this->taps()) : Halide::Expr(*kernel_ * *kernel_);
        promise_packed(kernels, taps, 5);
        kernels.dim(1).set_stride(taps);
    }
    void estimate_window() {
        if (!constant()) {
            kernel_->set_estimate(5);
            stride_->set_estimate(1);
            dilation_->set_estimate(1);
        }
    }
    int estimated_taps() const {
        return constant() ? this->taps() : 25;
    }

    IntInput *kernel_ = nullptr, *stride_ = nullptr, *dilation_ = nullptr;
};

} // namespace involute::emit
