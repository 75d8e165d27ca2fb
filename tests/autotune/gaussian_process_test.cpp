// The surrogate: its algebra against what can be worked out by hand, and inputs without
// information.
#include "autotune/gaussian_process.h"

#include <gtest/gtest.h>

#include <cmath>

#include "autotune/random.h"

namespace involute::autotune {
namespace {

double uniform(Random &random) {
    return static_cast<double>(random.below(1 << 20)) / (1 << 20);
}

std::vector<Input> random_inputs(size_t count, size_t numbers, uint64_t seed) {
    Random random(seed);
    std::vector<Input> inputs(count, Input(numbers));
    for (Input &input : inputs) {
        for (double &number : input)
            number = uniform(random);
    }
    return inputs;
}

double wave(const Input &input) {
    return std::sin(4 * input[0]) + 0.5 * input[1];
}

std::vector<double> waves(const std::vector<Input> &inputs) {
    std::vector<double> targets;
    for (const Input &input : inputs)
        targets.push_back(wave(input));
    return targets;
}

TEST(CholeskyFactor, SolvesBothWays) {
    CholeskyFactor factor; // of {{4, 2, 0}, {2, 5, 2}, {0, 2, 5}} = L L^T
    factor.add_row({4});
    factor.add_row({2, 5});
    factor.add_row({0, 2, 5});
    EXPECT_EQ(factor.size(), 3u);
    EXPECT_NEAR(factor.log_diagonal(), std::log(8), 1e-12); // L's diagonal is 2, 2, 2
    std::vector<double> x = {8, 18, 19};                    // the matrix times {1, 2, 3}
    factor.solve(x);
    factor.solve_transposed(x);
    for (size_t i = 0; i < 3; ++i)
        EXPECT_NEAR(x[i], static_cast<double>(i + 1), 1e-12);
}

TEST(GaussianProcess, IsTheFormulaForTwoPoints) {
    const double noise = 0.01, length = 0.5;
    GaussianProcess process({{length}, 0.5, noise}, {{0.0}, {0.3}}, {1, 2});
    const auto matern = [&](double d) {
        const double r = std::sqrt(5.0) * std::abs(d) / length;
        return (1 + r + r * r / 3) * std::exp(-r);
    };
    // The inverse of {{a, b}, {b, a}} applied to the targets less their mean: {-0.5, 0.5} / (a -
    // b).
    const double a = 1 + noise, b = matern(0.3), left = matern(0.2), right = matern(0.1);
    const double mean = 1.5 + 0.5 * (right - left) / (a - b);
    const double variance = 0.25 / (a - b); // y^T K^-1 y / n = 0.5 / (a - b) / 2
    const double explained =
        (a * (left * left + right * right) - 2 * b * left * right) / (a * a - b * b);
    const Prediction prediction = process.predict({0.2});
    EXPECT_NEAR(prediction.mean, mean, 1e-12);
    EXPECT_NEAR(prediction.deviation, std::sqrt(variance * (1 - explained)), 1e-12);
}

TEST(GaussianProcess, LearnsASmoothFunction) {
    const std::vector<Input> inputs = random_inputs(60, 2, 1), others = random_inputs(200, 2, 2);
    const std::vector<double> targets = waves(inputs);
    const Kernel kernel = likeliest_kernel({{0.32, 0.32}, 0.5, 1e-3}, inputs, targets);
    GaussianProcess process(kernel, inputs, targets);
    int inside = 0;
    for (const Input &other : others) {
        const Prediction prediction = process.predict(other);
        EXPECT_NEAR(prediction.mean, wave(other), 0.1);
        inside += std::abs(prediction.mean - wave(other)) <= 3 * prediction.deviation + 1e-3;
    }
    EXPECT_GE(inside, 190);
    EXPECT_LT(process.predict(inputs[0]).deviation, 0.05);
    EXPECT_GT(process.predict({9, 9}).deviation, 0.3);
}

TEST(GaussianProcess, FindsWhatMattersMore) {
    const std::vector<Input> inputs = random_inputs(80, 2, 3);
    std::vector<double> targets;
    for (const Input &input : inputs)
        targets.push_back(std::sin(12 * input[0]));
    const Kernel kernel = likeliest_kernel({{0.32, 0.32}, 0.5, 1e-3}, inputs, targets);
    EXPECT_LE(kernel.lengths[0], 0.32);
    EXPECT_GT(kernel.lengths[1], kernel.lengths[0]);
}

TEST(GaussianProcess, BelievesWhatItPredicts) {
    const std::vector<Input> inputs = random_inputs(30, 2, 4), others = random_inputs(20, 2, 5);
    GaussianProcess before({{0.5, 0.5}, 0.5, 1e-3}, inputs, waves(inputs));
    GaussianProcess after = before;
    for (size_t i = 0; i < 10; ++i)
        after.believe(others[i]);
    for (const Input &other : others) {
        EXPECT_NEAR(after.predict(other).mean, before.predict(other).mean, 1e-9);
        EXPECT_LE(after.predict(other).deviation, before.predict(other).deviation + 1e-12);
    }
    EXPECT_LT(after.predict(others[3]).deviation, 0.5 * before.predict(others[3]).deviation);
}

TEST(GaussianProcess, BearsInputsThatSayNothing) {
    const Kernel kernel = {{0.3}, 0.5, 1e-4};
    const auto is_finite = [](const Prediction &prediction) {
        return std::isfinite(prediction.mean) && std::isfinite(prediction.deviation);
    };
    GaussianProcess none(kernel, {}, {});
    EXPECT_TRUE(is_finite(none.predict({0.5})));
    none.believe({0.5});
    EXPECT_TRUE(is_finite(none.predict({0.5})));

    const std::vector<Input> same(20, Input{0.5}), apart = {{0.0}, {0.5}, {1.0}};
    const std::vector<double> equal(20, 3.0);
    GaussianProcess repeated(likeliest_kernel(kernel, same, equal), same, equal);
    EXPECT_NEAR(repeated.predict({0.5}).mean, 3, 1e-9);
    EXPECT_TRUE(is_finite(repeated.predict({0.1})));
    GaussianProcess flat(likeliest_kernel(kernel, apart, {2, 2, 2}), apart, {2, 2, 2});
    EXPECT_NEAR(flat.predict({0.7}).mean, 2, 1e-9);
    EXPECT_GT(flat.predict({0.7}).deviation, 0);
}

TEST(ExpectedImprovement, IsTheIntegralOverWhatLiesBelow) {
    for (const double mean : {-1.0, 0.0, 0.5, 2.0}) {
        for (const double deviation : {0.1, 1.0, 3.0}) {
            const double best = 0.25, step = 1e-4;
            double integral = 0;
            for (double z = -10; z < 10; z += step)
                integral += std::max(best - (mean + deviation * z), 0.0) * std::exp(-z * z / 2) *
                            step / std::sqrt(2 * std::acos(-1.0));
            EXPECT_NEAR(expected_improvement({mean, deviation}, best), integral, 1e-4);
        }
    }
    EXPECT_EQ(expected_improvement({1, 0}, 3), 2);
    EXPECT_EQ(expected_improvement({3, 0}, 1), 0);
    EXPECT_GE(expected_improvement({100, 0.01}, 1), 0);
}

} // namespace
} // namespace involute::autotune
