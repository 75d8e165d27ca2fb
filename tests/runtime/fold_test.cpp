// Batch norm folded into weights, and as scale and shift, against the norm's own formula.
#include "nets/fold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace involute {
namespace {

const Norm kNorm = {
    {1.5f, -0.5f, 0.25f}, {0.1f, 2.0f, -3.0f}, {0.7f, -0.2f, 5.0f}, {0.0f, 1.0f, 9.5f}};

double normed(const Norm &norm, size_t c, double x) {
    return (x - norm.mean[c]) / std::sqrt(norm.variance[c] + 1e-5) * norm.weight[c] + norm.bias[c];
}

TEST(Fold, ScaleAndShiftAreTheNormRoundedOnce) {
    std::vector<float> scale, shift;
    norm_as_scale_shift(kNorm, &scale, &shift);
    ASSERT_EQ(scale.size(), 3u);
    ASSERT_EQ(shift.size(), 3u);
    for (size_t c = 0; c < 3; ++c) {
        const double zero = normed(kNorm, c, 0), slope = normed(kNorm, c, 1) - zero;
        EXPECT_NEAR(scale[c], slope, std::fabs(slope) * 0x1p-24 + 1e-12);
        EXPECT_NEAR(shift[c], zero, std::fabs(zero) * 0x1p-24 + 1e-12);
    }
    // Exact where all is representable: 2/sqrt(3.99999 + 1e-5) is 1 to the last bit.
    norm_as_scale_shift({{2.0f}, {0.5f}, {3.0f}, {3.99999f}}, &scale, &shift);
    EXPECT_EQ(scale[0], 1.0f);
    EXPECT_EQ(shift[0], -2.5f);
}

TEST(Fold, ConvolutionTakesTheNormIn) {
    const std::vector<float> before = {1, 2, 3, 4, -5, 6, 0.1f, 0.2f, 0.3f, 7, 8, 9};
    const std::vector<float> x = {0.5f, -1.25f, 2.0f, 0.75f};
    for (const std::vector<float> &given : {std::vector<float>{}, {0.3f, -0.4f, 10.0f}}) {
        std::vector<float> weight = before, bias = given;
        fold_norm(kNorm, &weight, &bias);
        ASSERT_EQ(weight.size(), before.size());
        ASSERT_EQ(bias.size(), 3u);
        for (size_t c = 0; c < 3; ++c) {
            double plain = given.empty() ? 0.0 : given[c], folded = bias[c], size = 0;
            for (size_t i = 0; i < 4; ++i) {
                plain += static_cast<double>(before[c * 4 + i]) * x[i];
                folded += static_cast<double>(weight[c * 4 + i]) * x[i];
                size += std::fabs(static_cast<double>(weight[c * 4 + i]) * x[i]);
            }
            EXPECT_NEAR(folded, normed(kNorm, c, plain),
                        (size + std::fabs(static_cast<double>(bias[c]))) * 0x1p-23);
        }
    }
}

// 1/sqrt(3) is no float: the product is rounded once, not the factor before it.
TEST(Fold, AFactorIsRoundedOnce) {
    const double factor = 1 / std::sqrt(3.0);
    std::vector<float> weight(1000), bias = {0.25f}, none;
    for (size_t i = 0; i < weight.size(); ++i)
        weight[i] = static_cast<float>(i) * 0.37f - 100.0f;
    const std::vector<float> before = weight;
    fold_factor(factor, &weight, &bias);
    size_t other = 0; // where the factor was rounded first
    for (size_t i = 0; i < weight.size(); ++i) {
        EXPECT_EQ(weight[i], static_cast<float>(factor * static_cast<double>(before[i])));
        other += weight[i] != before[i] * static_cast<float>(factor);
    }
    EXPECT_GT(other, 0u);
    EXPECT_EQ(bias[0], static_cast<float>(factor * 0.25));
    fold_factor(factor, &weight, &none);
    EXPECT_TRUE(none.empty());
}

TEST(Fold, VarianceMustBeOne) {
    Norm norm = kNorm;
    EXPECT_TRUE(check_norm(norm, "bn").ok());
    norm.variance[1] = -0.5f;
    const Status negative = check_norm(norm, "backbone.layer1.0.bn1");
    EXPECT_EQ(negative.code(), INVOLUTE_INVALID_FILE);
    EXPECT_EQ(negative.message(),
              "backbone.layer1.0.bn1.running_var[1]: expected a value >= 0, found -0.5");
    norm.variance[1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(check_norm(norm, "bn").ok());
}

} // namespace
} // namespace involute
