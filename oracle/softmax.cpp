// With d = value - largest rounded once, a power e^d is off by |d|*u + 8*u of itself, the sum by
// the same of each of its terms and by the roundings of eight partial sums and their tree, the
// reciprocal and the product by one rounding each.
#include "oracle/softmax.h"

#include <limits>
#include <vector>

namespace involute::oracle {
namespace {

constexpr int64_t kPowerRoundings = 8, kPartialSums = 8, kTreeDepth = 3;

// `step` between the taps of one pixel and group.
void weights(const float *scores, int64_t taps, int64_t step, double *value, double *bound) {
    double largest = -std::numeric_limits<double>::infinity();
    for (int64_t t = 0; t < taps; ++t) {
        const double score = static_cast<double>(scores[t * step]);
        if (score > largest || std::isnan(score))
            largest = score; // a NaN stays: nothing is larger
    }
    std::vector<double> powers(static_cast<size_t>(taps)), errors(powers.size());
    double sum = 0, error = 0;
    for (size_t t = 0; t < powers.size(); ++t) {
        const double d = static_cast<double>(scores[static_cast<int64_t>(t) * step]) - largest;
        powers[t] = std::exp(d);
        errors[t] = rounding_error(kPowerRoundings) + (std::isinf(d) ? 0 : std::fabs(d) * kUnit);
        sum += powers[t];
        error += powers[t] * errors[t];
    }
    const int64_t roundings = (taps + kPartialSums - 1) / kPartialSums + kTreeDepth + 2;
    const double shared = error / sum + rounding_error(roundings);
    for (size_t t = 0; t < powers.size(); ++t) {
        const int64_t place = static_cast<int64_t>(t) * step;
        value[place] = powers[t] / sum;
        // To first order, and the second as an eighth more; what flushes to zero is below 2^-125.
        bound[place] = value[place] * (errors[t] + shared) * 1.125 + 0x1p-125;
    }
}

} // namespace

Bounded softmax(const Softmax &layer) {
    const int64_t plane = layer.height * layer.width;
    Bounded out(layer.batch * layer.groups * layer.taps * plane);
    for (int64_t bg = 0; bg < layer.batch * layer.groups; ++bg) {
        for (int64_t p = 0; p < plane; ++p) {
            const int64_t first = bg * layer.taps * plane + p;
            weights(layer.input + first, layer.taps, plane, out.value.data() + first,
                    out.bound.data() + first);
        }
    }
    return out;
}

} // namespace involute::oracle
