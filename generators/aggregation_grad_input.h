// The gradient of the aggregation's input: every value of it is the sum, over the taps whose window
// held that place, of the tap's weight at the window's pixel times the gradient there. Two forms of
// one sum, both in the order of the taps (row by row, in a row from kx = 0): a constant window with
// stride 1, for which both operands are copied with a border, and any kernel, stride and dilation.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct AggregationGradInput {
    Halide::Var ci{"ci"}, t{"t"}, g{"g"}, x{"x"}, y{"y"}, b{"b"}, p{"p"};
    int constant_kernel = 0; // which form; 0: any window

    // Constant form: zero-based with zeros left and right of the image.
    Halide::Func padded_grad{"padded_grad"};       // (ci, g, x, y, b)
    Halide::Func padded_kernels{"padded_kernels"}; // (t, g, x, y, b)
    // Any form: the gradient with channels filled up to whole vectors, (ci, g, x, y, b);
    Halide::Func filled_grad{"filled_grad"};
    // for a column (row) p of the result its first tap, the column (row) of the gradient
    // that belongs to it, and the number of taps.
    Halide::Func columns{"columns"}, rows{"rows"};

    Halide::RDom taps; // constant form: kx, ky; any: the taps that hit, in their order
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ci, g, x, y, b)
};

// grad(ci, g, x, y, b) of width x height pixels, kernels(t, g, x, y, b) with t = ky*kernel + kx.
AggregationGradInput aggregation_grad_input(const Halide::Func &grad, const Halide::Func &kernels,
                                            const Halide::Expr &width, const Halide::Expr &height,
                                            int kernel);

// A window at run time. Along an axis, neighbouring taps that hit the same place of the input are
// `step` = stride / gcd(stride, dilation) taps apart.
struct RuntimeWindow {
    Halide::Expr kernel, stride, dilation, step;
};

AggregationGradInput aggregation_grad_input(const Halide::Func &grad, const Halide::Func &kernels,
                                            const Halide::Expr &width, const Halide::Expr &height,
                                            const Halide::Expr &group_channels,
                                            const RuntimeWindow &window);

} // namespace involute::generators
