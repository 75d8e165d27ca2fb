// The gradients of the aggregation, as plain loops in double; part of verify_bounds.h.
#include <cmath>

#include "verify_bounds.h"

namespace involute {

namespace {

const float *stored_values(const ReferenceCase &which, const char *name,
                           const std::vector<int64_t> &shape) {
    return static_cast<const float *>(case_tensor(which, name, shape).data);
}

// visit(kernel, output, input): the places, in their tensors, of a tap's weight, of its pixel and
// of what it reads (-1: outside of the picture), for every channel.
template <class Visit>
void for_terms(const LayerShape &s, Visit visit) {
    const int64_t rows = s.out_height(), columns = s.out_width(), plane = rows * columns;
    const int64_t reach = s.dilation * (s.kernel - 1) / 2;
    for (int64_t bc = 0; bc < s.batch * s.channels; ++bc) {
        const int64_t group = bc / s.channels * s.groups() + bc % s.channels / s.group_channels;
        for (int64_t tap = 0; tap < s.taps(); ++tap)
            for (int64_t p = 0; p < plane; ++p) {
                const int64_t y = p / columns * s.stride + tap / s.kernel * s.dilation - reach;
                const int64_t x = p % columns * s.stride + tap % s.kernel * s.dilation - reach;
                const bool inside = y >= 0 && y < s.height && x >= 0 && x < s.width;
                visit(static_cast<size_t>((group * s.taps() + tap) * plane + p),
                      static_cast<size_t>(bc * plane + p),
                      inside ? (bc * s.height + y) * s.width + x : -1);
            }
    }
}

// Sums with as many roundings as they have terms.
struct Sums {
    std::vector<double> value, size, terms, carried;

    explicit Sums(int64_t count)
        : value(static_cast<size_t>(count)), size(value.size()), terms(value.size()),
          carried(value.size()) {}

    void add(size_t place, double product, double error = 0) {
        value[place] += product;
        carried[place] += error;
        size[place] += std::abs(product);
        terms[place] += 1;
    }
    Bounded bounded() const {
        Bounded result{value, size};
        for (size_t i = 0; i < size.size(); ++i)
            result.error[i] = result.error[i] * (terms[i] + 1) * kRounding + carried[i];
        return result;
    }
};

} // namespace

Bounded bounded_grad_input(const ReferenceCase &which, const LayerShape &s,
                           const Bounded &kernels) {
    const float *grad = stored_values(which, "grad_output", s.output_shape());
    Sums sums(s.batch * s.channels * s.height * s.width);
    for_terms(s, [&](size_t kernel, size_t output, int64_t input) {
        const double g = double{grad[output]};
        if (input >= 0)
            sums.add(static_cast<size_t>(input), kernels.value[kernel] * g,
                     kernels.error[kernel] * std::abs(g));
    });
    return sums.bounded();
}

Bounded bounded_grad_kernels(const ReferenceCase &which, const LayerShape &s) {
    const float *input = stored_values(which, "input", s.input_shape());
    const float *grad = stored_values(which, "grad_output", s.output_shape());
    Sums sums(s.batch * s.groups() * s.taps() * s.out_height() * s.out_width());
    for_terms(s, [&](size_t kernel, size_t output, int64_t place) {
        if (place >= 0)
            sums.add(kernel, double{input[place]} * double{grad[output]});
    });
    return sums.bounded();
}

} // namespace involute
