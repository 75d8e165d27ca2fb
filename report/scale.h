// The axes of plots: which range shows all values, where a value lands, and ticks at numbers that
// people count in (1, 2 and 5 times powers of ten).
#pragma once

#include <string>
#include <vector>

namespace involute::report {

struct Scale {
    double low = 0, high = 1;
    bool logarithmic = false;

    bool takes(double value) const;      // finite, positive on a logarithmic axis, below 1e300
    bool shows(double value) const;      // within the range
    double fraction(double value) const; // 0 at low, 1 at high
};

// The range widened to ticks. Values that the axis does not take are passed over; without any it
// is [0, 1] or [1, 10].
Scale scale_for(const std::vector<double> &values, bool logarithmic);

struct Tick {
    double value;
    std::string label; // empty: a mark between labelled ones
};
std::vector<Tick> ticks(const Scale &scale, int most); // at most so many with a label, but 2

} // namespace involute::report
