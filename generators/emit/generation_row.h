// The arguments of kernel generation, which the rows of kernel_generation and involution share.
#pragma once

#include "generators/emit/row_generator.h"
#include "generators/kernel_generation.h"

namespace involute::emit {

template <typename T>
class GenerationRow : public RowGenerator<T> {
protected:
    using Tensor = Halide::GeneratorInput<Halide::Buffer<>>;

    Tensor *tensor(const char *name, int dimensions) {
        return this->template add_input<Halide::Buffer<>>(name, Halide::Float(32), dimensions);
    }

    void add_weights() {
        if (this->form.value() == "bottleneck") {
            reduce_weight_ = tensor("reduce_weight", 3);
            reduce_bias_ = tensor("reduce_bias", 2);
        }
        weight_ = tensor("weight", 3);
        bias_ = tensor("bias", 2);
    }

    void add_geometry() {
        width_ = this->template add_input<int>("width");
        if (this->stride.value() == 0) {
            stride_ = this->template add_input<int>("stride_xy");
        }
        if (this->stride.value() != 1) {
            reciprocal_ = tensor("reciprocal", 1);
        }
    }

    // `in`(k, p, b).
    generators::KernelGenerationInputs generation_inputs(const Tensor &in) const {
        generators::KernelGenerationInputs inputs;
        inputs.in = in;
        // Of generic rows all channels are one group: only the pooling looks at groups.
        const Halide::Expr channels = in.dim(0).extent();
        inputs.group_channels = this->generic() ? channels : Halide::Expr(this->group());
        inputs.groups = this->generic() ? Halide::Expr(1) : channels / this->group();
        inputs.width = this->constant_or(this->map_width, *width_);
        inputs.height = this->constant_or(this->map_height, in.dim(1).extent() / inputs.width);
        const Halide::Expr step =
            stride_ != nullptr ? Halide::Expr(*stride_) : Halide::Expr(this->stride.value());
        inputs.out_width = (inputs.width + step - 1) / step;
        inputs.out_height = (inputs.height + step - 1) / step;
        if (reduce_weight_ != nullptr) {
            inputs.reduce_weight = *reduce_weight_, inputs.reduce_bias = *reduce_bias_;
            inputs.hidden_blocks = reduce_bias_->dim(1).extent();
            inputs.units = weight_->dim(1).extent();
        }
        inputs.weight = *weight_, inputs.bias = *bias_;
        inputs.blocks = bias_->dim(1).extent();
        if (reciprocal_ != nullptr) {
            inputs.stride = step, inputs.reciprocal = *reciprocal_;
        }
        inputs.packing = this->packing;
        return inputs;
    }

    void promise_weights(const Tensor &in) {
        const int nr = this->packing;
        for (Tensor *t : {reduce_weight_, weight_}) {
            if (t != nullptr) {
                promise_packed(*t, nr, 3);
                t->dim(1).set_stride(nr);
                t->dim(2).set_stride(t->dim(1).extent() * nr);
            }
        }
        // Other rows have constants that a wrong number of channels runs into.
        if (this->generic()) {
            Tensor &first = reduce_weight_ != nullptr ? *reduce_weight_ : *weight_;
            first.dim(1).set_bounds(0, in.dim(0).extent());
        }
        for (Tensor *t : {reduce_bias_, bias_}) {
            if (t != nullptr) {
                promise_packed(*t, nr, 2);
                t->dim(1).set_stride(nr);
            }
        }
    }

    // Blocks of the two packed weights for a channel count, with the reduction of the known
    // networks.
    int hidden_blocks(int channels) const {
        return (channels / 4 + this->packing.value() - 1) / this->packing.value();
    }
    int kernel_blocks(int channels, int taps) const {
        const int count = taps * (channels / this->group());
        return (count + this->packing.value() - 1) / this->packing.value();
    }

    // Channels as a constant; kernel 0: any window. The number of hidden units stays open.
    void fix_channels(Tensor &in, int kernel) {
        const int channels = this->channels;
        if (channels == 0) {
            return;
        }
        in.dim(0).set_bounds(0, channels);
        Tensor &first = reduce_weight_ != nullptr ? *reduce_weight_ : *weight_;
        first.dim(1).set_bounds(0, channels);
        if (kernel != 0 && !this->generic()) {
            // Pairs of blocks where two are done at once.
            const int step = !this->on_device() && this->machine().lanes == 16 ? 2 : 1;
            const int blocks = (kernel_blocks(channels, kernel * kernel) + step - 1) / step * step;
            weight_->dim(2).set_bounds(0, blocks);
            bias_->dim(1).set_bounds(0, blocks);
        }
    }
    // (k, p, b) of one size.
    void fix_pixels(Tensor &in) const {
        this->fix_images(in);
        const int channels = this->channels;
        const int pixels = this->map_width.value() * this->map_height.value();
        if (channels != 0) {
            in.dim(1).set_stride(channels);
        }
        if (this->one_size()) {
            in.dim(1).set_bounds(0, pixels);
        }
        if (this->one_size() && channels != 0) {
            in.dim(2).set_stride(pixels * channels);
        }
    }

    void estimate_weights(int channels, int taps) {
        const int nr = this->packing;
        if (reduce_weight_ != nullptr) {
            estimate(*reduce_weight_, {nr, channels, hidden_blocks(channels)});
            estimate(*reduce_bias_, {nr, hidden_blocks(channels)});
        }
        estimate(*weight_, {nr, reduce_weight_ != nullptr ? channels / 4 : channels,
                            kernel_blocks(channels, taps)});
        estimate(*bias_, {nr, kernel_blocks(channels, taps)});
        if (stride_ != nullptr) {
            stride_->set_estimate(2);
        }
        if (reciprocal_ != nullptr) {
            estimate(*reciprocal_, {5});
        }
    }

    Tensor *reduce_weight_ = nullptr, *reduce_bias_ = nullptr, *weight_ = nullptr, *bias_ = nullptr,
           *reciprocal_ = nullptr;
    Halide::GeneratorInput<int> *width_ = nullptr, *stride_ = nullptr;
};

} // namespace involute::emit
