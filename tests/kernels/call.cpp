// Layouts: NCHW to NHWC and back, and the rows of the table in docs/kernel-interface.md.
#include "tests/kernels/call.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/packing.h"
#include "core/tiles.h"

namespace involute::kernel_tests {
namespace {

using Dimensions = std::vector<halide_dimension_t>;

halide_dimension_t dimension(int64_t extent, int64_t stride) {
    return halide_dimension_t(0, static_cast<int32_t>(extent), static_cast<int32_t>(stride));
}

// [images, channels, pixels] to [images, pixels, channels]; strides of the target between pixels
// and between images.
void to_channels_last(const float *source, int64_t images, int64_t channels, int64_t pixels,
                      int64_t pixel_stride, int64_t image_stride, float *target) {
    for (int64_t b = 0; b < images; ++b) {
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t p = 0; p < pixels; ++p)
                target[b * image_stride + p * pixel_stride + c] =
                    source[(b * channels + c) * pixels + p];
        }
    }
}

class Builder {
public:
    Builder(const Problem &problem, const Operands &operands, Placement placement)
        : p_(problem), o_(operands), kernel_(*problem.entry()), nr_(kernel_.packing),
          group_(group_of(problem)), placement_(placement) {}

    std::vector<Argument> build() {
        switch (kernel_.op) {
        case Op::kConv2d:
            kernel_.is_generic() ? grouped() : kernel_.form == Form::kPoint ? point() : window();
            break;
        case Op::kDense:
            dense();
            break;
        case Op::kMaxPool:
        case Op::kAvgPool:
            kernel_.op == Op::kMaxPool ? max_pool() : avg_pool();
            break;
        case Op::kGlobalPool:
            global_pool();
            break;
        case Op::kSoftmax:
            softmax();
            break;
        case Op::kLocal:
            local();
            break;
        case Op::kReluGrad:
            relu_grad();
            break;
        case Op::kAvgPoolGrad:
            avg_pool_grad();
            break;
        case Op::kAggregationGradInput:
        case Op::kAggregationGradWeight:
            gradient();
            break;
        default:
            involution_family();
        }
        return std::move(arguments_);
    }

private:
    // Generic rows of ops without groups see all channels as one.
    static int64_t group_of(const Problem &problem) {
        const Op op = problem.entry()->op;
        if (problem.entry()->group_channels != 0)
            return problem.entry()->group_channels;
        return op == Op::kInvolution || op == Op::kAggregation ? problem.group_channels
                                                               : problem.channels;
    }
    float *buffer(const char *name, int64_t count, Dimensions dimensions) {
        Argument argument;
        argument.name = name;
        argument.kind = Argument::Kind::kBuffer;
        argument.dimensions = std::move(dimensions);
        argument.memory = GuardedBuffer(static_cast<size_t>(count), placement_);
        arguments_.push_back(std::move(argument));
        return arguments_.back().memory.data();
    }
    void integer(const char *name, int64_t value) {
        Argument argument;
        argument.name = name;
        argument.integer = static_cast<int32_t>(value);
        arguments_.push_back(std::move(argument));
    }
    void real(const char *name, float value) {
        Argument argument;
        argument.name = name;
        argument.kind = Argument::Kind::kFloat;
        argument.real = value;
        arguments_.push_back(std::move(argument));
    }

    int64_t pixels() const {
        return p_.height * p_.width;
    }
    int64_t out_pixels() const {
        return p_.out_height() * p_.out_width();
    }
    // `count` pixels of `values`, with the gap of the problem between them.
    int64_t step(int64_t values) const {
        return values + p_.gap;
    }
    int64_t spread(int64_t count, int64_t values) const {
        return count * step(values) - p_.gap;
    }
    void fill(const std::vector<float> &source, int64_t values, int64_t pixels, float *target) {
        to_channels_last(source.data(), p_.batch, values, pixels, step(values),
                         pixels * step(values), target);
    }
    void fill_input(float *target) {
        fill(o_.input, p_.channels, pixels(), target);
    }
    void floor() {
        real("floor", p_.relu != 0 ? 0.0f : -std::numeric_limits<float>::infinity());
    }

    void matrix(const char *name, const std::vector<float> &source, int64_t outputs, int64_t depth,
                int64_t blocks = 0) {
        const MatrixPacking packing{outputs, depth, nr_, blocks};
        float *target = buffer(
            name, packing.size(),
            {dimension(nr_, 1), dimension(depth, nr_), dimension(packing.blocks(), nr_ * depth)});
        std::fill_n(target, packing.size(), 0.0f);
        pack_matrix(packing, source.data(), target);
    }
    void vector(const char *name, const std::vector<float> &source, int64_t nr,
                int64_t padded_blocks = 0) {
        const int64_t count = static_cast<int64_t>(source.size());
        const int64_t blocks = std::max(padded_blocks, (count + nr - 1) / nr);
        float *target = buffer(name, blocks * nr, {dimension(nr, 1), dimension(blocks, nr)});
        std::fill_n(target, blocks * nr, 0.0f);
        std::copy(source.begin(), source.end(), target);
    }

    // (ni, no, p[, b]); zeros with strides 0 when the case has none.
    void residual(const Dimensions &like_output) {
        Dimensions dimensions = like_output;
        if (p_.residual != 0) {
            float *target =
                buffer("residual", spread(p_.batch * out_pixels(), p_.out_channels), dimensions);
            fill(o_.residual, p_.out_channels, out_pixels(), target);
            return;
        }
        for (size_t d = 1; d < dimensions.size(); ++d)
            dimensions[d].stride = 0;
        const int64_t zeros = dimensions[0].extent;
        std::fill_n(buffer("residual", zeros, dimensions), zeros, 0.0f);
    }

    void point() {
        const int64_t all = p_.batch * pixels(), n = p_.out_channels;
        fill_input(buffer("in", spread(all, p_.channels),
                          {dimension(p_.channels, 1), dimension(all, step(p_.channels))}));
        matrix("weight", o_.weight, n, p_.channels);
        vector("bias", o_.bias, nr_);
        const Dimensions out = {dimension(nr_, 1), dimension(n / nr_, nr_),
                                dimension(all, step(n))};
        residual(out);
        floor();
        integer("pixels_per_task", p_.cut);
        integer("blocks_per_task", p_.cut_b);
        buffer("out", spread(all, n), out);
    }

    // (e, y, b): the pixels of an input row are one axis; the gap lies between rows.
    void rows_of_elements() {
        const int64_t row = p_.width * p_.channels;
        float *target = buffer("in", spread(p_.batch * p_.height, row),
                               {dimension(row, 1), dimension(p_.height, step(row)),
                                dimension(p_.batch, p_.height * step(row))});
        for (int64_t b = 0; b < p_.batch; ++b) {
            for (int64_t y = 0; y < p_.height; ++y) {
                for (int64_t e = 0; e < row; ++e) {
                    const int64_t plane = b * p_.channels + e % p_.channels;
                    const int64_t place = (plane * p_.height + y) * p_.width + e / p_.channels;
                    target[(b * p_.height + y) * step(row) + e] =
                        o_.input[static_cast<size_t>(place)];
                }
            }
        }
    }

    GroupedPacking grouped_packing() const {
        GroupedPacking packing;
        packing.groups = kernel_.form == Form::kDepthwise ? 1 : p_.conv_groups;
        packing.outputs = p_.out_channels / packing.groups;
        packing.depth = p_.channels / p_.conv_groups;
        packing.height = p_.window().height, packing.width = p_.window().width;
        packing.nr = nr_;
        packing.pixels = kernel_.op == Op::kLocal ? out_pixels() : 1;
        return packing;
    }

    // (o, c, kx, ky, g, p), (o, g, p)
    void local() {
        rows_of_elements();
        const GroupedPacking packing = grouped_packing();
        const int64_t o = packing.padded_outputs(), run = o * packing.depth;
        const int64_t window = run * packing.width * packing.height, all = window * packing.groups;
        pack_grouped(
            packing, o_.weight.data(),
            buffer("weight", packing.size(),
                   {dimension(o, 1), dimension(packing.depth, o), dimension(packing.width, run),
                    dimension(packing.height, run * packing.width),
                    dimension(packing.groups, window), dimension(packing.pixels, all)}));
        pack_grouped_vector(packing, o_.bias.data(),
                            buffer("bias", o * packing.groups * packing.pixels,
                                   {dimension(o, 1), dimension(packing.groups, o),
                                    dimension(packing.pixels, o * packing.groups)}));
        floor();
        integer("channels_in", p_.channels);
        integer("stride_xy", p_.stride);
        integer("dilation_xy", p_.dilation);
        integer("width", p_.out_width());
        integer("rows_per_task", p_.cut);
        const int64_t n = packing.outputs, c = step(p_.out_channels);
        buffer("out", spread(p_.batch * out_pixels(), p_.out_channels),
               {dimension(n, 1), dimension(packing.groups, n), dimension(p_.out_width(), c),
                dimension(p_.out_height(), p_.out_width() * c),
                dimension(p_.batch, out_pixels() * c)});
    }

    void grouped() {
        rows_of_elements();
        const GroupedPacking packing = grouped_packing();
        const int64_t o = packing.padded_outputs(), run = o * packing.depth;
        pack_grouped(
            packing, o_.weight.data(),
            buffer("weight", packing.size(),
                   {dimension(o, 1), dimension(packing.depth, o), dimension(packing.width, run),
                    dimension(packing.height, run * packing.width),
                    dimension(packing.groups, run * packing.width * packing.height)}));
        pack_grouped_vector(
            packing, o_.bias.data(),
            buffer("bias", o * packing.groups, {dimension(o, 1), dimension(packing.groups, o)}));
        const int64_t n = p_.out_channels;
        const Dimensions out = {
            dimension(packing.outputs, 1), dimension(packing.groups, packing.outputs),
            dimension(out_pixels(), step(n)), dimension(p_.batch, out_pixels() * step(n))};
        residual(out);
        floor();
        integer("channels_in", p_.channels);
        integer("stride_xy", p_.stride);
        integer("dilation_xy", p_.dilation);
        integer("width", p_.out_width());
        integer("pixels_per_task", p_.cut);
        buffer("out", spread(p_.batch * out_pixels(), n), out);
    }

    void window() {
        rows_of_elements();
        const int64_t n = p_.out_channels;
        const WindowPacking packing{n, p_.channels, p_.kernel, nr_};
        const int64_t run = p_.kernel * p_.channels;
        float *weight =
            buffer("weight", packing.size(),
                   {dimension(nr_, 1), dimension(run, nr_), dimension(p_.kernel, nr_ * run),
                    dimension(packing.blocks(), nr_ * run * p_.kernel)});
        std::fill_n(weight, packing.size(), 0.0f);
        pack_window(packing, o_.weight.data(), weight);
        vector("bias", o_.bias, nr_);
        const Dimensions out = {dimension(nr_, 1), dimension(n / nr_, nr_),
                                dimension(out_pixels(), step(n)),
                                dimension(p_.batch, out_pixels() * step(n))};
        residual(out);
        floor();
        integer("channels_in", p_.channels);
        integer("stride_xy", p_.stride);
        integer("pad", (p_.kernel - 1) / 2);
        integer("width", p_.out_width());
        integer("pixels_per_task", p_.cut);
        integer("blocks_per_task", p_.cut_b);
        buffer("out", spread(p_.batch * out_pixels(), n), out);
    }

    void dense() {
        const int64_t blocks = (p_.out_channels + nr_ - 1) / nr_;
        fill_input(buffer("in", spread(p_.batch, p_.channels),
                          {dimension(p_.channels, 1), dimension(p_.batch, step(p_.channels))}));
        matrix("weight", o_.weight, p_.out_channels, p_.channels);
        vector("bias", o_.bias, nr_);
        buffer(
            "out", spread(p_.batch, blocks * nr_),
            {dimension(nr_, 1), dimension(blocks, nr_), dimension(p_.batch, step(blocks * nr_))});
    }

    // (ci, g, x, y, b)
    float *map(const char *name, int64_t height, int64_t width) {
        const int64_t c = step(p_.channels);
        return buffer(name, spread(p_.batch * height * width, p_.channels),
                      {dimension(group_, 1), dimension(p_.channels / group_, group_),
                       dimension(width, c), dimension(height, width * c),
                       dimension(p_.batch, height * width * c)});
    }

    void reciprocals() {
        const int64_t count = p_.stride * p_.stride + 1;
        float *target = buffer("reciprocal", count, {dimension(count, 1)});
        for (int64_t n = 1; n < count; ++n)
            target[n] = static_cast<float>(1.0 / static_cast<double>(n));
    }

    void relu_grad() {
        fill_input(map("in", p_.height, p_.width));
        fill(o_.grad, p_.channels, pixels(), map("grad", p_.height, p_.width));
        integer("rows_per_task", p_.cut);
        map("out", p_.height, p_.width);
    }

    void avg_pool_grad() {
        fill(o_.grad, p_.channels, out_pixels(), map("grad", p_.out_height(), p_.out_width()));
        fill_input(map("addend", p_.height, p_.width));
        integer("stride_xy", p_.stride);
        reciprocals();
        integer("rows_per_task", p_.cut);
        map("out", p_.height, p_.width);
    }

    void max_pool() {
        fill_input(map("in", p_.height, p_.width));
        integer("kernel_xy", p_.kernel);
        integer("stride_xy", p_.stride);
        integer("pad", (p_.kernel - 1) / 2);
        integer("rows_per_task", p_.cut);
        map("out", p_.out_height(), p_.out_width());
    }

    // (ci, g, p, b)
    float *groups_of_pixels(const char *name, int64_t pixels) {
        const int64_t c = step(p_.channels);
        return buffer(name, spread(p_.batch * pixels, p_.channels),
                      {dimension(group_, 1), dimension(p_.channels / group_, group_),
                       dimension(pixels, c), dimension(p_.batch, pixels * c)});
    }

    void avg_pool() {
        fill_input(map("in", p_.height, p_.width));
        integer("stride_xy", p_.stride);
        reciprocals();
        integer("pixels_per_task", p_.cut);
        groups_of_pixels("out", out_pixels());
    }

    void global_pool() {
        const int64_t c = step(p_.channels);
        fill_input(groups_of_pixels("in", pixels()));
        real("reciprocal", static_cast<float>(1.0 / static_cast<double>(pixels())));
        buffer("out", spread(p_.batch, p_.channels),
               {dimension(group_, 1), dimension(p_.channels / group_, group_),
                dimension(p_.batch, c)});
    }

    void generation_weights() {
        int64_t depth = p_.channels;
        if (p_.hidden > 0) {
            const int64_t blocks = hidden_blocks(kernel_, p_.hidden);
            matrix("reduce_weight", o_.reduce_weight, p_.hidden, p_.channels, blocks);
            vector("reduce_bias", o_.reduce_bias, nr_, blocks);
            depth = p_.hidden;
        }
        const int64_t blocks = kernel_blocks(kernel_, p_.kernel_rows());
        matrix("weight", o_.weight, p_.kernel_rows(), depth, blocks);
        vector("bias", o_.bias, nr_, blocks);
    }

    void softmax() {
        const int64_t taps = p_.window().taps(), n = step(p_.kernel_rows());
        const auto kernels = [&](const char *name) {
            return buffer(name, spread(p_.batch * pixels(), p_.kernel_rows()),
                          {dimension(taps, 1), dimension(p_.groups(), taps), dimension(p_.width, n),
                           dimension(p_.height, p_.width * n), dimension(p_.batch, pixels() * n)});
        };
        fill(o_.input, p_.kernel_rows(), pixels(), kernels("in"));
        integer("rows_per_task", p_.cut);
        kernels("out");
    }

    void kernels_input() {
        const int64_t kw = p_.window().width, kh = p_.window().height, taps = kw * kh;
        const int64_t n = step(p_.kernel_rows()), width = p_.out_width();
        float *target = buffer("kernels", spread(p_.batch * out_pixels(), p_.kernel_rows()),
                               {dimension(kw, 1), dimension(kh, kw), dimension(p_.groups(), taps),
                                dimension(width, n), dimension(p_.out_height(), width * n),
                                dimension(p_.batch, out_pixels() * n)});
        fill(o_.kernels, p_.kernel_rows(), out_pixels(), target);
    }

    void involution_family() {
        const bool generates = kernel_.op != Op::kAggregation;
        const int64_t c = step(p_.channels);
        fill_input(generates ? buffer("in", spread(p_.batch * pixels(), p_.channels),
                                      {dimension(p_.channels, 1), dimension(pixels(), c),
                                       dimension(p_.batch, pixels() * c)})
                             : map("in", p_.height, p_.width));
        if (generates)
            generation_weights();
        else
            kernels_input();
        if (kernel_.op != Op::kKernelGeneration) {
            vector("scale", o_.scale, group_);
            vector("shift", o_.shift, group_);
            floor();
        }
        if (generates)
            integer("width", p_.width);
        if (kernel_.form == Form::kUpsample)
            integer("upsample", p_.upsample);
        if (kernel_.stride == 0)
            integer("stride_xy", p_.stride);
        if (generates && kernel_.stride != 1)
            reciprocals();
        if (kernel_.op == Op::kKernelGeneration) {
            integer("pixels_per_task", p_.cut);
            const int64_t blocks = (p_.kernel_rows() + nr_ - 1) / nr_, n = step(blocks * nr_);
            buffer("kernels", spread(p_.batch * out_pixels(), blocks * nr_),
                   {dimension(blocks * nr_, 1), dimension(out_pixels(), n),
                    dimension(p_.batch, out_pixels() * n)});
            return;
        }
        if (kernel_.is_generic() && generates) {
            integer("kernel_width", p_.window().width);
            integer("kernel_height", p_.window().height);
        }
        if (kernel_.is_generic())
            integer("dilation_xy", p_.dilation);
        integer("rows_per_task", p_.cut);
        if (generates) {
            integer("rows_per_block", p_.cut_b);
            integer("images_per_task", p_.cut_c);
            integer("threads_per_task", p_.cut_d);
        }
        map("out", p_.out_height(), p_.out_width());
    }

    // (n, g, x, y, b): groups of n channels or taps of a pixel.
    float *groups_of(const char *name, int64_t n, int64_t height, int64_t width) {
        const int64_t all = n * p_.groups(), c = step(all);
        return buffer(name, spread(p_.batch * height * width, all),
                      {dimension(n, 1), dimension(p_.groups(), n), dimension(width, c),
                       dimension(height, width * c), dimension(p_.batch, height * width * c)});
    }

    void gradient() {
        const bool of_input = kernel_.op == Op::kAggregationGradInput;
        const int64_t n = p_.group_channels, taps = p_.kernel * p_.kernel;
        const int64_t height = p_.out_height(), width = p_.out_width();
        if (!of_input)
            fill_input(groups_of("in", n, p_.height, p_.width));
        fill(o_.grad, p_.channels, out_pixels(), groups_of("grad", n, height, width));
        if (of_input)
            fill(o_.kernels, p_.kernel_rows(), out_pixels(),
                 groups_of("kernels", taps, height, width));
        if (kernel_.kernel == 0) {
            integer("kernel_xy", p_.kernel);
            integer("stride_xy", p_.stride);
            integer("dilation_xy", p_.dilation);
            if (of_input)
                integer("tap_step", p_.stride / std::gcd(p_.stride, p_.dilation));
        }
        integer("rows_per_task", p_.cut);
        if (of_input)
            groups_of("out", n, p_.height, p_.width);
        else
            groups_of("out", taps, height, width);
    }

    const Problem &p_;
    const Operands &o_;
    const KernelEntry &kernel_;
    const int64_t nr_;
    const int64_t group_; // channels of dimension ci
    const Placement placement_;
    std::vector<Argument> arguments_;
};

} // namespace

std::vector<Argument> make_arguments(const Problem &problem, const Operands &operands,
                                     Placement placement) {
    return Builder(problem, operands, placement).build();
}

} // namespace involute::kernel_tests
