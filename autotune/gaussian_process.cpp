#include "autotune/gaussian_process.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace involute::autotune {

namespace {

const double kLengths[] = {0.08, 0.16, 0.32, 0.64, 1.28, 2.56};
const double kAdditive[] = {0.1, 0.5, 0.9};
const double kNoises[] = {1e-4, 1e-3, 1e-2};

double matern(double difference, double length) { // R & W, equation 4.17
    const double r = std::sqrt(5.0) * std::abs(difference) / length;
    return r == 0 ? 1 : (1 + r + r * r / 3) * std::exp(-r);
}

// Of the sum and the product over the numbers.
double combined(const Kernel &kernel, double sum, double product) {
    return kernel.additive * sum / static_cast<double>(kernel.lengths.size()) +
           (1 - kernel.additive) * product;
}

// Four sums at once: one alone waits for each addition.
double dot(const double *a, const double *b, size_t count) {
    double sums[4] = {};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t lane = 0; lane < 4; ++lane)
            sums[lane] += a[i + lane] * b[i + lane];
    }
    for (; i < count; ++i)
        sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double mean_of(const std::vector<double> &values) {
    double sum = 0;
    for (double value : values)
        sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::vector<double> centred(const std::vector<double> &values) {
    const double mean = mean_of(values);
    std::vector<double> result;
    for (double value : values)
        result.push_back(value - mean);
    return result;
}

// The variance that makes the targets likeliest; `solved` is L^-1 of them. Above 0 where all are
// the same.
double likeliest_variance(const std::vector<double> &solved) {
    const double squares = dot(solved.data(), solved.data(), solved.size());
    return std::max(squares / static_cast<double>(std::max<size_t>(solved.size(), 1)), 1e-8);
}

// What each input's number has in common with each other's; pairs (i, j <= i) one after another.
std::vector<double> correlations(const std::vector<Input> &inputs, size_t number, double length) {
    std::vector<double> pairs;
    pairs.reserve(inputs.size() * (inputs.size() + 1) / 2);
    for (size_t i = 0; i < inputs.size(); ++i) {
        for (size_t j = 0; j <= i; ++j)
            pairs.push_back(matern(inputs[i][number] - inputs[j][number], length));
    }
    return pairs;
}

// Marginal likelihoods of kernels that differ in one parameter.
class Likelihood {
public:
    Likelihood(const Kernel &kernel, const std::vector<Input> &inputs,
               const std::vector<double> &targets)
        : inputs_(inputs), targets_(centred(targets)) {
        for (size_t n = 0; n < kernel.lengths.size(); ++n)
            set_length(n, kernel.lengths[n]);
    }

    void set_length(size_t number, double length) {
        numbers_.resize(std::max(numbers_.size(), number + 1));
        numbers_[number] = correlations(inputs_, number, length);
    }

    // With the lengths that were set. R & W, equation 5.8, at the likeliest variance; without its
    // constants.
    double log(const Kernel &kernel) const {
        CholeskyFactor factor;
        size_t pair = 0;
        for (size_t i = 0; i < inputs_.size(); ++i) {
            std::vector<double> row(i + 1);
            for (size_t j = 0; j <= i; ++j, ++pair) {
                double sum = 0, product = 1;
                for (const std::vector<double> &number : numbers_) {
                    sum += number[pair];
                    product *= number[pair];
                }
                row[j] = combined(kernel, sum, product);
            }
            row[i] += kernel.noise;
            factor.add_row(std::move(row));
        }
        std::vector<double> solved = targets_;
        factor.solve(solved);
        double prior = 0;
        for (double length : kernel.lengths)
            prior -= 0.5 * std::pow(std::log2(length / kSmoothLength) / 2, 2);
        return -0.5 * static_cast<double>(targets_.size()) * std::log(likeliest_variance(solved)) -
               factor.log_diagonal() + prior;
    }

private:
    const std::vector<Input> &inputs_;
    std::vector<double> targets_;
    std::vector<std::vector<double>> numbers_; // correlations of each
};

} // namespace

Kernel likeliest_kernel(Kernel kernel, const std::vector<Input> &inputs,
                        const std::vector<double> &targets) {
    Likelihood likelihood(kernel, inputs, targets);
    double best = likelihood.log(kernel);
    const auto try_values = [&](double &parameter, const auto &values, const auto &changed) {
        double chosen = parameter;
        for (double value : values) {
            if (value == chosen)
                continue;
            parameter = value;
            changed(value);
            const double log = likelihood.log(kernel);
            if (log > best) {
                best = log;
                chosen = value;
            }
        }
        parameter = chosen;
        changed(chosen);
    };
    const auto nothing = [](double) {};
    for (size_t n = 0; n < kernel.lengths.size(); ++n)
        try_values(kernel.lengths[n], kLengths,
                   [&](double length) { likelihood.set_length(n, length); });
    try_values(kernel.additive, kAdditive, nothing);
    try_values(kernel.noise, kNoises, nothing);
    return kernel;
}

void CholeskyFactor::add_row(std::vector<double> row) {
    const double diagonal = row.back();
    row.pop_back();
    solve(row);
    // Rounding may take what little is left of two equal inputs below 0.
    const double left = diagonal - dot(row.data(), row.data(), row.size());
    row.push_back(std::sqrt(std::max(left, 1e-10)));
    rows_.insert(rows_.end(), row.begin(), row.end());
    ++size_;
}

void CholeskyFactor::solve(std::vector<double> &b) const {
    const double *row = rows_.data();
    for (size_t i = 0; i < b.size(); row += ++i)
        b[i] = (b[i] - dot(row, b.data(), i)) / row[i];
}

void CholeskyFactor::solve_transposed(std::vector<double> &b) const {
    for (size_t i = b.size(); i-- > 0;) {
        const double *row = rows_.data() + i * (i + 1) / 2;
        b[i] /= row[i];
        for (size_t j = 0; j < i; ++j)
            b[j] -= row[j] * b[i];
    }
}

double CholeskyFactor::log_diagonal() const {
    double sum = 0;
    for (size_t i = 0; i < size_; ++i)
        sum += std::log(rows_[i * (i + 1) / 2 + i]);
    return sum;
}

// R & W, algorithm 2.1, here and in predict().
GaussianProcess::GaussianProcess(Kernel kernel, const std::vector<Input> &inputs,
                                 const std::vector<double> &targets)
    : kernel_(std::move(kernel)), columns_(kernel_.lengths.size()), mean_(mean_of(targets)),
      weights_(centred(targets)) {
    for (const Input &input : inputs)
        add(input);
    factor_.solve(weights_);
    scale_ = std::sqrt(likeliest_variance(weights_));
    factor_.solve_transposed(weights_);
}

const GaussianProcess::Column &GaussianProcess::column(size_t number, double value) {
    for (const Column &column : columns_[number]) {
        if (column.value == value)
            return column;
    }
    Column column{value, {}};
    for (const Input &input : inputs_)
        column.common.push_back(matern(input[number] - value, kernel_.lengths[number]));
    columns_[number].push_back(std::move(column));
    return columns_[number].back();
}

std::vector<double> GaussianProcess::correlations(const Input &at) {
    std::vector<double> sums(inputs_.size(), 0), products(inputs_.size(), 1);
    for (size_t n = 0; n < at.size(); ++n) {
        const std::vector<double> &common = column(n, at[n]).common;
        for (size_t i = 0; i < common.size(); ++i) {
            sums[i] += common[i];
            products[i] *= common[i];
        }
    }
    for (size_t i = 0; i < sums.size(); ++i)
        sums[i] = combined(kernel_, sums[i], products[i]);
    return sums;
}

void GaussianProcess::add(const Input &at) {
    std::vector<double> row = correlations(at);
    row.push_back(1 + kernel_.noise);
    factor_.add_row(std::move(row));
    inputs_.push_back(at);
    for (size_t n = 0; n < at.size(); ++n) {
        for (Column &column : columns_[n])
            column.common.push_back(matern(at[n] - column.value, kernel_.lengths[n]));
    }
}

Prediction GaussianProcess::predict(const Input &at) {
    std::vector<double> row = correlations(at);
    Prediction prediction;
    prediction.mean = mean_ + dot(row.data(), weights_.data(), row.size());
    factor_.solve(row);
    const double left = 1 - dot(row.data(), row.data(), row.size());
    prediction.deviation = scale_ * std::sqrt(std::max(left, 0.0));
    return prediction;
}

void GaussianProcess::believe(const Input &at) {
    add(at);
    weights_.push_back(0); // it was foreseen: nothing is left to explain
}

double expected_improvement(const Prediction &prediction, double best) {
    const double gain = best - prediction.mean;
    if (prediction.deviation <= 0)
        return std::max(gain, 0.0);
    const double z = gain / prediction.deviation;
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * 3.14159265358979323846);
    const double below = 0.5 * std::erfc(-z / std::sqrt(2.0));
    return std::max(gain * below + prediction.deviation * density, 0.0);
}

} // namespace involute::autotune
