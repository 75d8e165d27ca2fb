#include "generators/aggregation.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// Undefined factors are 1.
Expr times(const Expr &factor, const Expr &value) {
    return factor.defined() ? factor * value : value;
}

// Where the window of the pixel at `place` begins in a line of `size` pixels: pixels of one phase
// of the dilation are neighbours, of which the window holds `kernel`.
Expr clamped(const Expr &place, const Expr &size, const Expr &kernel, const Expr &dilation) {
    const Expr phase = place % dilation, index = place / dilation;
    const Expr count = (size - phase + dilation - 1) / dilation;
    return phase + dilation * clamp(index - (kernel - 1) / 2, 0, count - kernel);
}

} // namespace

Aggregation aggregation(const AggregationInputs &i) {
    Aggregation op;
    auto &[ci, g, x, y, b, pads, has_places, padded, column, row, taps, sum, out] = op;
    const Expr border_x = times(i.dilation, (i.kernel_width - 1) / 2),
               border_y = times(i.dilation, (i.kernel_height - 1) / 2);
    pads = i.border == Border::kZero;
    has_places = i.upsample.defined() || !pads;
    if (pads) {
        padded(ci, g, x, y, b) =
            zero_extended(i.in, i.width, i.height)(ci, g, x - border_x, y - border_y, b);
    }
    // The clamp changes no value.
    const Expr column_out = i.out_width.defined() ? min(likely(x), i.out_width - 1) : Expr(x);
    Expr left = times(i.stride, column_out), top = times(i.stride, y);
    if (has_places) {
        // What the output needs; the promises tell bounds inference so.
        Expr last_x, last_y;
        if (pads) {
            column(x) = column_out / i.upsample, row(y) = y / i.upsample;
            last_x = i.width - 1, last_y = i.height - 1;
        } else {
            column(x) = clamped(left, i.width, i.kernel_width, i.dilation);
            row(y) = clamped(top, i.height, i.kernel_height, i.dilation);
            last_x = i.width - 1 - 2 * border_x, last_y = i.height - 1 - 2 * border_y;
        }
        left = unsafe_promise_clamped(column(x), 0, last_x);
        top = unsafe_promise_clamped(row(y), 0, last_y);
    }

    taps = RDom(0, i.kernel_width, 0, i.kernel_height, "taps");
    const Func &source = pads ? padded : i.in;
    sum(ci, g, x, y, b) = 0.f;
    sum(ci, g, x, y, b) +=
        i.weight(taps.x, taps.y, g, column_out, y, b) *
        source(ci, g, left + times(i.dilation, taps.x), top + times(i.dilation, taps.y), b);
    out(ci, g, x, y, b) = at_least(sum(ci, g, x, y, b) * i.scale(ci, g) + i.shift(ci, g), i.floor);
    return op;
}

} // namespace involute::generators
