// With d = value - largest rounded once, a power e^d is off by |d|*u + 8*u of itself, the sum by
// the same of each of its terms and by the roundings of eight partial sums and their tree, the
// reciprocal and the product by one rounding each. Where scores have errors of their own, a weight
// is largest with its score as high and all others as low as they may be, and least the other way.
#include "oracle/softmax.h"

#include <limits>
#include <vector>

namespace involute::oracle {
namespace {

constexpr int64_t kPowerRoundings = 8, kPartialSums = 8, kTreeDepth = 3;

// Of one pixel and group, whose taps begin at `first`, `step` apart.
void weights(const Bounded &scores, size_t first, size_t taps, size_t step, Bounded *out) {
    double largest = -std::numeric_limits<double>::infinity(), moved = 0;
    for (size_t t = 0; t < taps; ++t) {
        const double score = scores.value[first + t * step];
        if (score > largest || std::isnan(score))
            largest = score; // a NaN stays: nothing is larger
        moved = std::fmax(moved, scores.bound[first + t * step]);
    }
    std::vector<double> powers(taps), errors(taps);
    double sum = 0, error = 0, least_sum = 0, most_sum = 0; // the last two: scores low, high
    for (size_t t = 0; t < taps; ++t) {
        const double own = scores.bound[first + t * step];
        const double d = scores.value[first + t * step] - largest;
        powers[t] = std::exp(d);
        errors[t] = rounding_error(kPowerRoundings) +
                    (std::isinf(d) ? 0 : (std::fabs(d) + own + moved) * kUnit);
        sum += powers[t];
        error += powers[t] * errors[t];
        least_sum += powers[t] * std::exp(-own);
        most_sum += powers[t] * std::exp(own);
    }
    const int64_t roundings =
        (static_cast<int64_t>(taps) + kPartialSums - 1) / kPartialSums + kTreeDepth + 2;
    const double shared = error / sum + rounding_error(roundings);
    for (size_t t = 0; t < taps; ++t) {
        const size_t place = first + t * step;
        const double low = powers[t] * std::exp(-scores.bound[place]);
        const double high = powers[t] * std::exp(scores.bound[place]);
        const double value = powers[t] / sum;
        const double most = high / (high + (least_sum - low)),
                     least = low / (low + (most_sum - high));
        // To first order, and the second as an eighth more; what flushes to zero is below 2^-125.
        const double rounding = most * (errors[t] + shared) * 1.125;
        out->value[place] = value;
        out->bound[place] = std::fmax(most - value, value - least) + rounding + 0x1p-125;
    }
}

} // namespace

Bounded softmax(const Softmax &sizes, const Bounded &scores) {
    const int64_t plane = sizes.height * sizes.width;
    Bounded out(sizes.batch * sizes.groups * sizes.taps * plane);
    for (int64_t bg = 0; bg < sizes.batch * sizes.groups; ++bg)
        for (int64_t p = 0; p < plane; ++p)
            weights(scores, static_cast<size_t>(bg * sizes.taps * plane + p),
                    static_cast<size_t>(sizes.taps), static_cast<size_t>(plane), &out);
    return out;
}

Bounded softmax(const Softmax &layer) {
    Bounded scores(layer.batch * layer.groups * layer.taps * layer.height * layer.width);
    scores.value.assign(layer.input, layer.input + scores.value.size());
    return softmax(layer, scores);
}

} // namespace involute::oracle
