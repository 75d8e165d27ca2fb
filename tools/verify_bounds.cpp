// Plain loops in double. Kept apart from oracle/, which judges the kernels in the tests: of an
// involution and its gradients the command has an opinion of its own.
#include "verify_bounds.h"

#include <algorithm>
#include <cmath>

namespace involute {

namespace {

constexpr double kNormEpsilon = 1e-5;

const float *values_of(const ReferenceCase &which, const char *name,
                       const std::vector<int64_t> &shape) {
    return static_cast<const float *>(case_tensor(which, name, shape).data);
}

// A product with a small matrix, one pixel at a time.
struct Product {
    int64_t rows = 0, columns = 0;
    std::vector<double> weight, bias; // [rows, columns], [rows]

    // Sums start from the bias; two more roundings for the folded weight and the folded bias.
    void apply(const std::vector<double> &x, const std::vector<double> &x_error,
               std::vector<double> *y, std::vector<double> *y_error) const {
        y->assign(static_cast<size_t>(rows), 0);
        y_error->assign(static_cast<size_t>(rows), 0);
        for (int64_t row = 0; row < rows; ++row) {
            const double *w = &weight[static_cast<size_t>(row * columns)];
            double sum = bias[static_cast<size_t>(row)];
            double size = std::abs(sum), carried = 0;
            for (int64_t i = 0; i < columns; ++i) {
                const size_t k = static_cast<size_t>(i);
                sum += w[k] * x[k];
                size += std::abs(w[k] * x[k]);
                carried += std::abs(w[k]) * x_error[k];
            }
            (*y)[static_cast<size_t>(row)] = sum;
            (*y_error)[static_cast<size_t>(row)] =
                static_cast<double>(columns + 2) * kRounding * size + carried;
        }
    }
    // The other way, without the bias.
    Product transposed() const {
        Product other;
        other.rows = columns, other.columns = rows;
        for (int64_t row = 0; row < other.rows; ++row)
            for (int64_t i = 0; i < other.columns; ++i)
                other.weight.push_back(weight[static_cast<size_t>(i * columns + row)]);
        other.bias.assign(static_cast<size_t>(columns), 0);
        return other;
    }
};

Product reduce_layer(const ReferenceCase &which, const LayerShape &s) {
    Product product;
    product.rows = s.inner(), product.columns = s.channels;
    const float *weight =
        values_of(which, "conv1.conv.weight", {s.inner(), s.channels, int64_t{1}, int64_t{1}});
    const float *gamma = values_of(which, "conv1.bn.weight", {s.inner()});
    const float *beta = values_of(which, "conv1.bn.bias", {s.inner()});
    const float *mean = values_of(which, "conv1.bn.running_mean", {s.inner()});
    const float *variance = values_of(which, "conv1.bn.running_var", {s.inner()});
    for (int64_t row = 0; row < product.rows; ++row) {
        const double scale = double{gamma[row]} / std::sqrt(double{variance[row]} + kNormEpsilon);
        for (int64_t i = 0; i < product.columns; ++i)
            product.weight.push_back(double{weight[row * product.columns + i]} * scale);
        product.bias.push_back(double{beta[row]} - double{mean[row]} * scale);
    }
    return product;
}

Product span_layer(const ReferenceCase &which, const LayerShape &s) {
    Product product;
    product.rows = s.taps() * s.groups(), product.columns = s.inner();
    const float *weight =
        values_of(which, "conv2.conv.weight", {product.rows, s.inner(), int64_t{1}, int64_t{1}});
    const float *bias = values_of(which, "conv2.conv.bias", {product.rows});
    product.weight.assign(weight, weight + product.rows * product.columns);
    product.bias.assign(bias, bias + product.rows);
    return product;
}

struct Window {
    int64_t top, left, bottom, right; // half open

    int64_t pixels() const {
        return (bottom - top) * (right - left);
    }
};

// What output pixel (oy, ox) averages, cut at the border.
Window pooled_window(const LayerShape &s, int64_t oy, int64_t ox) {
    return {oy * s.stride, ox * s.stride, std::min(s.height, (oy + 1) * s.stride),
            std::min(s.width, (ox + 1) * s.stride)};
}

// The average over the window of output pixel (oy, ox).
void pooled_pixel(const float *input, const LayerShape &s, int64_t b, int64_t oy, int64_t ox,
                  std::vector<double> *value, std::vector<double> *error) {
    const Window window = pooled_window(s, oy, ox);
    const double count = static_cast<double>(window.pixels());
    for (int64_t c = 0; c < s.channels; ++c) {
        double sum = 0, size = 0;
        for (int64_t y = window.top; y < window.bottom; ++y)
            for (int64_t x = window.left; x < window.right; ++x) {
                const double v = input[((b * s.channels + c) * s.height + y) * s.width + x];
                sum += v;
                size += std::abs(v);
            }
        (*value)[static_cast<size_t>(c)] = sum / count;
        // The sum, the rounded reciprocal and the product with it; nothing where nothing is done.
        (*error)[static_cast<size_t>(c)] =
            s.stride == 1 ? 0 : (count + 1) * kRounding * size / count;
    }
}

// The gradient of a ReLU's input. Where the sign of the input is not sure, all of it may be lost.
void through_relu(const std::vector<double> &input, const std::vector<double> &input_error,
                  std::vector<double> *grad, std::vector<double> *error) {
    for (size_t i = 0; i < input.size(); ++i) {
        const double g = (*grad)[i];
        if (std::abs(input[i]) <= input_error[i])
            (*error)[i] += std::abs(g);
        else if (input[i] < 0)
            (*error)[i] = 0;
        if (input[i] <= 0)
            (*grad)[i] = 0;
    }
}

// Adds what a pooled pixel's gradient gives to each pixel of its window.
void share_pixel(const LayerShape &s, int64_t b, int64_t oy, int64_t ox,
                 const std::vector<double> &value, const std::vector<double> &error,
                 Bounded *grad) {
    const Window window = pooled_window(s, oy, ox);
    const double count = static_cast<double>(window.pixels());
    for (int64_t c = 0; c < s.channels; ++c)
        for (int64_t y = window.top; y < window.bottom; ++y)
            for (int64_t x = window.left; x < window.right; ++x) {
                const size_t place =
                    static_cast<size_t>(((b * s.channels + c) * s.height + y) * s.width + x);
                const double share = value[static_cast<size_t>(c)] / count;
                grad->value[place] += share;
                grad->error[place] +=
                    error[static_cast<size_t>(c)] / count +
                    kRounding * (2 * std::abs(share) + std::abs(grad->value[place]));
            }
}

} // namespace

Bounded bounded_kernels(const ReferenceCase &which, const LayerShape &s) {
    const float *input = values_of(which, "input", s.input_shape());
    const Product reduce = s.reduction == 0 ? Product() : reduce_layer(which, s);
    const Product span = span_layer(which, s);
    Bounded kernels;
    kernels.value.resize(static_cast<size_t>(count_of(s.kernels_shape())));
    kernels.error.resize(kernels.value.size());
    std::vector<double> pixel(static_cast<size_t>(s.channels)), pixel_error(pixel.size());
    std::vector<double> hidden, hidden_error, taps, taps_error;
    const int64_t pixels = s.out_height() * s.out_width();
    for (int64_t b = 0; b < s.batch; ++b)
        for (int64_t p = 0; p < pixels; ++p) {
            pooled_pixel(input, s, b, p / s.out_width(), p % s.out_width(), &pixel, &pixel_error);
            if (s.reduction != 0) {
                reduce.apply(pixel, pixel_error, &hidden, &hidden_error);
                for (double &h : hidden)
                    h = h < 0 ? 0 : h; // never moves two values further apart
                span.apply(hidden, hidden_error, &taps, &taps_error);
            } else {
                span.apply(pixel, pixel_error, &taps, &taps_error);
            }
            for (int64_t row = 0; row < span.rows; ++row) {
                const size_t place = static_cast<size_t>((b * span.rows + row) * pixels + p);
                kernels.value[place] = taps[static_cast<size_t>(row)];
                kernels.error[place] = taps_error[static_cast<size_t>(row)];
            }
        }
    return kernels;
}

Bounded stored_kernels(const ReferenceCase &which, const LayerShape &s) {
    const float *stored = values_of(which, "kernels", s.kernels_shape());
    Bounded kernels;
    kernels.value.assign(stored, stored + count_of(s.kernels_shape()));
    kernels.error.assign(kernels.value.size(), 0);
    return kernels;
}

Bounded bounded_output(const ReferenceCase &which, const LayerShape &s, const Bounded &kernels) {
    const float *input = values_of(which, "input", s.input_shape());
    const int64_t out_height = s.out_height(), out_width = s.out_width();
    const int64_t reach = s.dilation * (s.kernel - 1) / 2;
    const double roundings = static_cast<double>(s.taps() + 2) * kRounding;
    Bounded output;
    output.value.resize(static_cast<size_t>(count_of(s.output_shape())));
    output.error.resize(output.value.size());
    size_t place = 0;
    for (int64_t bc = 0; bc < s.batch * s.channels; ++bc) {
        const int64_t batch_group =
            bc / s.channels * s.groups() + bc % s.channels / s.group_channels;
        for (int64_t oy = 0; oy < out_height; ++oy)
            for (int64_t ox = 0; ox < out_width; ++ox, ++place) {
                double sum = 0, size = 0, carried = 0;
                for (int64_t tap = 0; tap < s.taps(); ++tap) {
                    const int64_t y = oy * s.stride + tap / s.kernel * s.dilation - reach;
                    const int64_t x = ox * s.stride + tap % s.kernel * s.dilation - reach;
                    if (y < 0 || y >= s.height || x < 0 || x >= s.width)
                        continue;
                    const size_t w = static_cast<size_t>(
                        ((batch_group * s.taps() + tap) * out_height + oy) * out_width + ox);
                    const double v = input[(bc * s.height + y) * s.width + x];
                    sum += kernels.value[w] * v;
                    size += std::abs(kernels.value[w] * v);
                    carried += kernels.error[w] * std::abs(v);
                }
                output.value[place] = sum;
                output.error[place] = roundings * size + carried;
            }
    }
    return output;
}

Bounded bounded_layer_grad_input(const ReferenceCase &which, const LayerShape &s) {
    const float *input = values_of(which, "input", s.input_shape());
    const Bounded grad_kernels = bounded_grad_kernels(which, s);
    Bounded grad = bounded_grad_input(which, s, bounded_kernels(which, s));
    const Product reduce = s.reduction == 0 ? Product() : reduce_layer(which, s);
    const Product back = reduce.transposed(), span_back = span_layer(which, s).transposed();
    std::vector<double> taps(static_cast<size_t>(span_back.columns)), taps_error(taps.size());
    std::vector<double> pixel(static_cast<size_t>(s.channels)), pixel_error(pixel.size());
    std::vector<double> hidden, hidden_error, inner, inner_error;
    const int64_t pixels = s.out_height() * s.out_width();
    for (int64_t b = 0; b < s.batch; ++b)
        for (int64_t p = 0; p < pixels; ++p) {
            const int64_t oy = p / s.out_width(), ox = p % s.out_width();
            for (size_t row = 0; row < taps.size(); ++row) {
                const size_t place =
                    (static_cast<size_t>(b) * taps.size() + row) * static_cast<size_t>(pixels) +
                    static_cast<size_t>(p);
                taps[row] = grad_kernels.value[place], taps_error[row] = grad_kernels.error[place];
            }
            span_back.apply(taps, taps_error, &inner, &inner_error);
            if (s.reduction != 0) {
                pooled_pixel(input, s, b, oy, ox, &pixel, &pixel_error);
                reduce.apply(pixel, pixel_error, &hidden, &hidden_error);
                through_relu(hidden, hidden_error, &inner, &inner_error);
                back.apply(inner, inner_error, &pixel, &pixel_error);
            } else {
                pixel = inner, pixel_error = inner_error;
            }
            share_pixel(s, b, oy, ox, pixel, pixel_error, &grad);
        }
    return grad;
}

} // namespace involute
