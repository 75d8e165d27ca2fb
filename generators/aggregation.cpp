#include "generators/aggregation.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Aggregation aggregation(const AggregationInputs &i) {
    Aggregation op;
    auto &[ci, g, x, y, b, padded, taps, sum, out] = op;
    const int border = (i.kernel - 1) / 2;
    const Expr stride = i.stride.defined() ? i.stride : 1;
    padded(ci, g, x, y, b) =
        zero_extended(i.in, i.width, i.height)(ci, g, x - border, y - border, b);

    taps = RDom(0, i.kernel, 0, i.kernel, "taps");
    sum(ci, g, x, y, b) = 0.f;
    sum(ci, g, x, y, b) += i.weight(taps.x, taps.y, g, x, y, b) *
                           padded(ci, g, stride * x + taps.x, stride * y + taps.y, b);
    out(ci, g, x, y, b) = at_least(sum(ci, g, x, y, b) * i.scale(ci, g) + i.shift(ci, g), i.floor);
    return op;
}

} // namespace involute::generators
