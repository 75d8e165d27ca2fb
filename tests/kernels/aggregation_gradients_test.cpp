// The oracle's gradients against differences of its aggregation.
#include <gtest/gtest.h>

#include <cmath>

#include "oracle/aggregation_gradients.h"
#include "oracle/involution.h"

namespace involute::oracle {
namespace {

struct Shape {
    int64_t kernel, stride, dilation, height, width;
};

// Few digits, so that a value and its neighbours are exact.
std::vector<float> random(int64_t count, uint32_t state) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<float>(static_cast<int32_t>(state >> 20) - 2048) * 0x1p-10f;
    }
    return values;
}

class GradientOracle : public ::testing::TestWithParam<Shape> {
protected:
    static constexpr int64_t kBatch = 2, kGroups = 2, kGroupChannels = 3;
    static constexpr int64_t kChannels = kGroups * kGroupChannels;
    static constexpr float kStep = 0.25f;

    void SetUp() override {
        const auto [kernel, stride, dilation, height, width] = GetParam();
        layer_.batch = kBatch, layer_.channels = kChannels, layer_.group_channels = kGroupChannels;
        layer_.height = height, layer_.width = width;
        layer_.kernel = kernel, layer_.stride = stride, layer_.dilation = dilation;
        const int64_t pixels = strided(height, stride) * strided(width, stride);
        input_ = random(kBatch * kChannels * height * width, 1);
        kernels_ = random(kBatch * kGroups * kernel * kernel * pixels, 2);
        grad_ = random(kBatch * kChannels * pixels, 3);
        layer_.input = input_.data(), layer_.kernels = kernels_.data();
        layer_.grad_output = grad_.data();
    }

    // The sum of grad_output * aggregation, whose gradients they are.
    double loss() const {
        Aggregation aggregated;
        aggregated.batch = layer_.batch, aggregated.channels = layer_.channels;
        aggregated.height = layer_.height, aggregated.width = layer_.width;
        aggregated.kernel = layer_.kernel, aggregated.stride = layer_.stride;
        aggregated.dilation = layer_.dilation, aggregated.group_channels = layer_.group_channels;
        aggregated.input = input_.data();
        const Bounded out =
            aggregation(aggregated, exact(kernels_.data(), static_cast<int64_t>(kernels_.size())));
        double sum = 0;
        for (size_t i = 0; i < grad_.size(); ++i)
            sum += out.value[i] * static_cast<double>(grad_[i]);
        return sum;
    }

    // The loss is linear in each value, so that the difference has no error of its own.
    void expect_differences(std::vector<float> *values, const Bounded &gradient) {
        ASSERT_EQ(values->size(), gradient.value.size());
        for (size_t i = 0; i < values->size(); ++i) {
            const float before = (*values)[i];
            (*values)[i] = before + kStep;
            const double above = loss();
            (*values)[i] = before - kStep;
            const double below = loss();
            (*values)[i] = before;
            ASSERT_NEAR((above - below) / (2 * static_cast<double>(kStep)), gradient.value[i], 1e-9)
                << "value " << i;
        }
    }

    AggregationGradient layer_;
    std::vector<float> input_, kernels_, grad_;
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Shapes, GradientOracle,
                         ::testing::Values(Shape{3, 1, 1, 4, 5}, Shape{5, 1, 1, 2, 3},
                                           Shape{3, 2, 1, 5, 4}, Shape{3, 1, 2, 4, 4},
                                           Shape{3, 3, 2, 5, 7}, Shape{3, 2, 2, 4, 5},
                                           Shape{1, 2, 1, 3, 3}));

TEST_P(GradientOracle, OfTheInputIsADifference) {
    expect_differences(&input_, aggregation_grad_input(layer_));
}

TEST_P(GradientOracle, OfTheKernelsIsADifference) {
    expect_differences(&kernels_, aggregation_grad_weight(layer_));
}

} // namespace involute::oracle
