#include "report/scale.h"

#include <algorithm>
#include <cmath>

#include "report/number.h"

namespace involute::report {

namespace {

// Doubles beyond these would leave no room for arithmetic on ranges.
constexpr double kHuge = 1e300, kTiny = 1e-300;

int exponent_below(double value) { // 10^k <= value, also where log10 rounds up
    const int exponent = static_cast<int>(std::floor(std::log10(value)));
    return std::pow(10.0, exponent) > value ? exponent - 1 : exponent;
}

// The number of 1, 2, 5 times a power of ten next to `value`, down or up.
double step_down(double value) {
    const double power = std::pow(10.0, exponent_below(value));
    for (int factor : {5, 2})
        if (factor * power <= value * (1 + 1e-12))
            return factor * power;
    return power;
}

double step_up(double value) {
    const double below = step_down(value);
    if (below >= value * (1 - 1e-12))
        return below;
    const double power = std::pow(10.0, exponent_below(below * (1 + 1e-12)));
    for (int factor : {2, 5})
        if (factor * power > below * (1 + 1e-12))
            return factor * power;
    return 10 * power;
}

double linear_step(double low, double high, int most) {
    return step_up((high - low) / std::max(1, most - 1));
}

std::string linear_label(double value, double step) {
    if (value == 0)
        return "0";
    const int exponent = exponent_below(step * (1 + 1e-9));
    if (exponent < -5 || std::abs(value) >= 1e9) // as many digits as tell two ticks apart
        return number_text(
            value,
            significant(std::max(1, exponent_below(std::abs(value) * (1 + 1e-9)) - exponent + 1)));
    return number_text(value, decimals(std::max(0, -exponent)));
}

std::vector<Tick> linear_ticks(const Scale &scale, int most) {
    std::vector<Tick> found;
    double step = linear_step(scale.low, scale.high, most);
    for (; found.empty(); step = step_down(step * 0.99)) { // a large one may pass over the range
        const double slack = step * 1e-6;
        for (double i = std::ceil((scale.low - slack) / step); i * step <= scale.high + slack; ++i)
            found.push_back({i * step, linear_label(i * step, step)});
    }
    return found;
}

std::vector<Tick> logarithmic_ticks(const Scale &scale, int most) {
    const double decades = std::log10(scale.high) - std::log10(scale.low);
    if (decades < 0.7) // too short for two of 1, 2, 5
        return linear_ticks(scale, most);
    std::vector<Tick> found;
    const bool factors = decades * 3 <= most;
    const int stride = std::max(1, static_cast<int>(std::ceil(decades / std::max(1, most - 1))));
    const int first = exponent_below(scale.low);
    for (int exponent = first; exponent <= std::log10(scale.high) + 1e-9; ++exponent)
        for (int factor = 1; factor < 10; ++factor) {
            const double value = factor * std::pow(10.0, exponent);
            if (value < scale.low * (1 - 1e-9) || value > scale.high * (1 + 1e-9))
                continue;
            const bool labelled = factors ? factor == 1 || factor == 2 || factor == 5
                                          : factor == 1 && (exponent - first) % stride == 0;
            if (labelled)
                found.push_back({value, number_text(value, significant(1))});
            else if (stride == 1 || factor == 1)
                found.push_back({value, ""});
        }
    return found;
}

} // namespace

bool Scale::takes(double value) const {
    return std::abs(value) <= kHuge && (!logarithmic || value >= kTiny); // false for NaN
}

bool Scale::shows(double value) const {
    const double slack = 1e-9; // of the axis
    return std::isfinite(value) && (!logarithmic || value > 0) && fraction(value) >= -slack &&
           fraction(value) <= 1 + slack;
}

double Scale::fraction(double value) const {
    // Ratios of doubles may be none: 1e300 / 1e-300.
    return logarithmic ? (std::log(value) - std::log(low)) / (std::log(high) - std::log(low))
                       : (value - low) / (high - low);
}

Scale scale_for(const std::vector<double> &values, bool logarithmic) {
    Scale scale{logarithmic ? 1.0 : 0.0, logarithmic ? 10.0 : 1.0, logarithmic};
    bool any = false;
    for (double value : values) {
        if (!scale.takes(value))
            continue;
        scale.low = any ? std::min(scale.low, value) : value;
        scale.high = any ? std::max(scale.high, value) : value;
        any = true;
    }
    if (!any)
        return scale;
    if (logarithmic) {
        scale.low = step_down(scale.low);
        scale.high = step_up(scale.high);
        if (scale.high <= scale.low * (1 + 1e-9)) {
            scale.low = step_down(scale.low * 0.99);
            scale.high = step_up(scale.high * 1.01);
        }
        return scale;
    }
    // Values that differ in their last bits only are one value.
    const double size = std::max(std::abs(scale.low), std::abs(scale.high));
    if (scale.high - scale.low <= 1e-9 * size) {
        scale.low -= size > 0 ? size / 2 : 0;
        scale.high += size > 0 ? size / 2 : 1;
    }
    const double step = linear_step(scale.low, scale.high, 6);
    scale.low = std::floor(scale.low / step + 1e-9) * step;
    scale.high = std::ceil(scale.high / step - 1e-9) * step;
    return scale;
}

std::vector<Tick> ticks(const Scale &scale, int most) {
    most = std::max(most, 2);
    return scale.logarithmic ? logarithmic_ticks(scale, most) : linear_ticks(scale, most);
}

} // namespace involute::report
