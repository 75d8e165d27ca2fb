// Exact values (float64) with a bound on how far a float32 kernel may be from each of them.
//
// u = 2^-24 is the relative error of one rounding. A sum of n products that starts from a bias
// rounds n times with fused multiply-adds; without them the first product is rounded too, so that a
// term passes at most n + 1 roundings: |error| <= g(n + 1) * (|bias| + sum |a*b|) with
// g(m) = m*u / (1 - m*u), which is m*u to first order (Higham, Accuracy and Stability, 3.1). The
// error of the float64 loops themselves is 2^29 times smaller; the rounding that fused
// multiply-adds save covers it.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace involute::oracle {

inline constexpr double kUnit = 0x1p-24;
inline constexpr double kTiny = 0x1p-149; // spacing of denormals: a rounding may lose this much

// Values in the row-major order of the official shapes, e.g. [B,C,H,W].
struct Bounded {
    std::vector<double> value, bound;

    explicit Bounded(int64_t count = 0)
        : value(static_cast<size_t>(count)), bound(static_cast<size_t>(count)) {}
};

inline double rounding_error(int64_t roundings) {
    const double error = static_cast<double>(roundings) * kUnit;
    return error / (1 - error);
}

// start + sum of a*b as a kernel computes it, term by term. Terms may carry errors of their own (a
// sum behind a sum): with |a - a'| <= da and |b - b'| <= db the product is off by at most
// da*|b| + |a|*db + da*db before anything is rounded, and what is rounded is as large as
// (|a| + da) * (|b| + db).
class Sum {
public:
    // `extra`: roundings of the factors themselves, e.g. 1 where batch norm was folded into a.
    explicit Sum(double start, int64_t extra = 0)
        : value_(start), size_(std::fabs(start)), roundings_(1 + extra) {}

    void add(double a, double b, double da = 0, double db = 0) {
        const double product = a * b, largest = (std::fabs(a) + da) * (std::fabs(b) + db);
        value_ += product;
        size_ += largest;
        inherited_ += largest - std::fabs(product);
        roundings_ += largest != 0; // adding zero is exact
    }

    double value() const {
        return value_;
    }
    double bound() const {
        return inherited_ + rounding_error(roundings_) * size_ +
               static_cast<double>(roundings_) * kTiny;
    }

private:
    double value_, size_, inherited_ = 0;
    int64_t roundings_;
};

// The kernels' ReLU; a NaN stays a NaN. With a value at most v + bound before it, what is left of
// it is at most max(v + bound, 0). An infinity is an infinity in the kernel as well.
inline void apply_relu(double *value, double *bound) {
    if (*value < 0) {
        *bound = std::isinf(*value) ? 0 : std::fmax(*value + *bound, 0);
        *value = 0;
    }
}

// Taps of a window; a number is a square.
struct Window {
    int64_t height = 1, width = 1;

    Window(int64_t size = 1) : height(size), width(size) {}
    Window(int64_t height, int64_t width) : height(height), width(width) {}
    int64_t taps() const {
        return height * width;
    }
};

inline int64_t strided(int64_t size, int64_t stride) {
    return (size + stride - 1) / stride;
}

// An image [C,H,W] with zeros around it.
struct PaddedImage {
    const float *values;
    int64_t height, width;

    double at(int64_t channel, int64_t y, int64_t x) const {
        return y < 0 || x < 0 || y >= height || x >= width
                   ? 0.0
                   : static_cast<double>(values[(channel * height + y) * width + x]);
    }
};

} // namespace involute::oracle
