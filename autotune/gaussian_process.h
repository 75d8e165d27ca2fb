// Gaussian-process regression: what a function is where it was not measured, and how sure that is.
// Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006.
#pragma once

#include <cstddef>
#include <vector>

namespace involute::autotune {

using Input = std::vector<double>;

// The prior's correlation of two inputs: `additive` parts the mean over their numbers, the rest the
// product over them, of a Matern 5/2 function each. The mean learns what each number does by itself
// from few points, the product what they do together (Duvenaud et al., Additive Gaussian Processes,
// 2011).
struct Kernel {
    std::vector<double> lengths; // scale of each number of an input
    double additive = 0.5;       // 0 .. 1
    double noise = 1e-3;         // variance of a measurement, over that of the function
};

constexpr double kSmoothLength = 0.32; // of a number from 0 to 1, where nothing is known

// The kernel of the greatest marginal likelihood on a small grid, found one parameter at a time
// from `kernel` on, with a weak prior that the function is smooth: few points fit any length.
Kernel likeliest_kernel(Kernel kernel, const std::vector<Input> &inputs,
                        const std::vector<double> &targets);

struct Prediction {
    double mean = 0;
    double deviation = 0; // of the function itself, without the noise of a measurement
};

// A lower triangular matrix, its rows one after another.
class CholeskyFactor {
public:
    // Of a matrix with one row more, `row` up to its diagonal.
    void add_row(std::vector<double> row);
    // x of L x = b, in place; b may be of fewer rows.
    void solve(std::vector<double> &b) const;
    // x of L^T x = b, in place.
    void solve_transposed(std::vector<double> &b) const;
    double log_diagonal() const; // the sum of its logarithms
    size_t size() const {
        return size_;
    }

private:
    std::vector<double> rows_;
    size_t size_ = 0;
};

class GaussianProcess {
public:
    GaussianProcess(Kernel kernel, const std::vector<Input> &inputs,
                    const std::vector<double> &targets);

    Prediction predict(const Input &at);
    // As if it had been measured there, with what is predicted: means stay as they are, deviations
    // nearby become smaller.
    void believe(const Input &at);

private:
    // What the inputs have in common with a value of one number. Kept: in a space of knobs the same
    // few values come again and again.
    struct Column {
        double value;
        std::vector<double> common; // with each input
    };
    const Column &column(size_t number, double value);
    std::vector<double> correlations(const Input &at); // with each input
    void add(const Input &at);                         // to the factor

    Kernel kernel_;
    std::vector<Input> inputs_;
    std::vector<std::vector<Column>> columns_; // of each number
    double mean_ = 0;                          // of the prior
    double scale_ = 1;                         // the function's deviation under the prior
    CholeskyFactor factor_;
    std::vector<double> weights_; // of the inputs in a prediction's mean
};

// By how much a value is expected to lie below `best`: Jones, Schonlau & Welch, Efficient Global
// Optimization of Expensive Black-Box Functions, 1998, equation 15.
double expected_improvement(const Prediction &prediction, double best);

} // namespace involute::autotune
