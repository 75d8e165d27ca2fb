#include "generators/softmax.h"

#include <functional>
#include <limits>

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

namespace {

// The larger of two; a NaN wins and stays.
Expr larger(const Expr &a, const Expr &b) {
    return strict_select(a < b || b != b, b, a);
}

// Powers below e^-87, where the format ends, are 0.
constexpr float kLeast = -87.f;

// e^d for d <= 0, off by less than 4 units in the last place: 2^n by the exponent's bits times the
// Taylor sum of e^r, |r| <= ln(2)/2, to the seventh power. ln(2) is split so that n times its first
// part is exact (Cody and Waite). Strict, so that nothing is fused and all machines agree.
Expr power(const Expr &d) {
    const Expr safe = max(d, kLeast);
    // To the nearest: casts round to zero, and nothing is above it.
    const Expr whole = cast<int>(strict_float(safe * 1.44269504f - 0.5f)), n = cast<float>(whole);
    const Expr r = strict_float((safe - n * 0.693359375f) + n * 2.12194440e-4f);
    Expr sum = 1.f / 5040;
    for (const float factor : {720.f, 120.f, 24.f, 6.f, 2.f, 1.f, 1.f}) {
        sum = strict_float(sum * r + 1.f / factor);
    }
    const Expr scale = reinterpret<float>((whole + 127) << 23);
    return strict_select(d < kLeast, 0.f, strict_select(d != d, d, strict_float(sum * scale)));
}

// f(0) .. f(7) in a balanced tree.
Expr tree(const std::function<Expr(Expr, Expr)> &join, const std::function<Expr(int)> &f, int first,
          int step) {
    return step == kSoftmaxSums
               ? f(first)
               : join(tree(join, f, first, 2 * step), tree(join, f, first + step, 2 * step));
}

} // namespace

Softmax softmax(const Func &in, const Expr &taps) {
    Softmax op;
    auto &[t, s, g, x, y, b, all_taps, blocks, values, largest_of, largest, powers, partial,
           inverse, out] = op;
    const float lowest = -std::numeric_limits<float>::infinity();
    // Not as a boundary condition, whose clamped index makes every load of the last block a gather.
    all_taps = RDom(0, taps, "all_taps");
    values(t, g, x, y, b) = lowest;
    values(all_taps.x, g, x, y, b) = in(all_taps.x, g, x, y, b);
    blocks = RDom(0, (taps + kSoftmaxSums - 1) / kSoftmaxSums, "blocks");
    const Expr tap = blocks.x * kSoftmaxSums + s;

    largest_of(s, g, x, y, b) = lowest;
    largest_of(s, g, x, y, b) = larger(largest_of(s, g, x, y, b), values(tap, g, x, y, b));
    largest(g, x, y, b) = tree(
        larger, [&](int lane) -> Expr { return largest_of(lane, g, x, y, b); }, 0, 1);

    powers(t, g, x, y, b) = power(strict_float(values(t, g, x, y, b) - largest(g, x, y, b)));
    partial(s, g, x, y, b) = 0.f;
    partial(s, g, x, y, b) += powers(tap, g, x, y, b);
    const Expr sum = tree([](const Expr &left, const Expr &right) { return left + right; },
                          [&](int lane) -> Expr { return partial(lane, g, x, y, b); }, 0, 1);
    inverse(g, x, y, b) = strict_float(1.f / sum);
    out(t, g, x, y, b) = powers(t, g, x, y, b) * inverse(g, x, y, b);
    return op;
}

} // namespace involute::generators
