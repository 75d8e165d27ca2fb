// Halide's own gradients of the aggregation against the oracle's. Differentiated is the sum: the
// epilogue selects bits.
#include <gtest/gtest.h>

#include <string>

#include <cmath>

#include "generators/aggregation.h"
#include "oracle/aggregation_gradients.h"

namespace involute {
namespace {

using Halide::Buffer;
using Halide::Expr;
using Halide::Func;

struct Shape {
    int kernel, stride, height, width;
};

constexpr int kGroupChannels = 4, kGroups = 2, kBatch = 2;

// Dimension 0 first, as Halide has it, so row-major with the shape turned around.
Buffer<float> random(const std::vector<int> &extents, uint32_t state) {
    Buffer<float> buffer(extents);
    buffer.for_each_value([&](float &value) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<float>(state >> 8) * 0x1p-23f - 1;
    });
    return buffer;
}

// (ci, g, x, y, b) to [B,C,H,W], or (kx, ky, g, x, y, b) to [B,G,K*K,Ho,Wo].
std::vector<float> planes(const Buffer<float> &buffer) {
    const int d = buffer.dimensions();
    std::vector<int> order = {d - 3, d - 2}; // fastest first: x, y, then what makes the channel
    for (int inner = 0; inner < d - 3; inner++)
        order.push_back(inner);
    order.push_back(d - 1);
    std::vector<int> at(static_cast<size_t>(d), 0);
    std::vector<float> values;
    while (values.size() < buffer.number_of_elements()) {
        values.push_back(buffer(at.data()));
        for (const int dimension : order) {
            int &place = at[static_cast<size_t>(dimension)];
            if (++place < buffer.dim(dimension).extent())
                break;
            place = 0;
        }
    }
    return values;
}

void expect_near(const oracle::Bounded &wanted, const Buffer<float> &got, const char *what) {
    const std::vector<float> values = planes(got);
    ASSERT_EQ(values.size(), wanted.value.size()) << what;
    for (size_t i = 0; i < values.size(); i++)
        ASSERT_NEAR(static_cast<double>(values[i]), wanted.value[i], wanted.bound[i])
            << what << " " << i;
}

class Autodiff : public ::testing::TestWithParam<Shape> {};

std::string name_of(const ::testing::TestParamInfo<Shape> &info) {
    const auto [kernel, stride, height, width] = info.param;
    return "k" + std::to_string(kernel) + "s" + std::to_string(stride) + "_" +
           std::to_string(height) + "x" + std::to_string(width);
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Shapes, Autodiff,
                         ::testing::Values(Shape{3, 1, 5, 6}, Shape{7, 1, 4, 9}, Shape{5, 2, 7, 6},
                                           Shape{3, 2, 8, 5}, Shape{1, 2, 3, 3}),
                         name_of);

TEST_P(Autodiff, AgreesWithTheOracle) {
    const auto [kernel, stride, height, width] = GetParam();
    const int rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
    Buffer<float> in = random({kGroupChannels, kGroups, width, height, kBatch}, 1);
    Buffer<float> kernels = random({kernel, kernel, kGroups, columns, rows, kBatch}, 2);
    Buffer<float> grad = random({kGroupChannels, kGroups, columns, rows, kBatch}, 3);

    const Func input("input"), weights("weights");
    Halide::Var ci, g, x, y, b, kx, ky;
    Func of_input = input, of_weights = weights;
    of_input(ci, g, x, y, b) = in(ci, g, x, y, b);
    of_weights(kx, ky, g, x, y, b) = kernels(kx, ky, g, x, y, b);
    generators::AggregationInputs inputs;
    inputs.in = of_input;
    inputs.width = width, inputs.height = height;
    inputs.kernel_width = inputs.kernel_height = kernel, inputs.stride = stride;
    Func scale, shift;
    scale(ci, g) = 1.f;
    shift(ci, g) = 0.f;
    inputs.scale = scale, inputs.shift = shift, inputs.floor = 0.f;
    inputs.weight = [&](Expr i, Expr j, Expr group, Expr column, Expr row, Expr image) {
        return of_weights(i, j, group, column, row, image);
    };
    generators::Aggregation op = generators::aggregation(inputs);
    const Halide::Derivative gradients = Halide::propagate_adjoints(op.sum, grad);
    Func of_in = gradients(of_input), of_kernels = gradients(of_weights);

    const std::vector<float> in_planes = planes(in), kernel_planes = planes(kernels),
                             grad_planes = planes(grad);
    oracle::AggregationGradient layer;
    layer.batch = kBatch, layer.channels = kGroupChannels * kGroups;
    layer.height = height, layer.width = width;
    layer.kernel = kernel, layer.stride = stride, layer.group_channels = kGroupChannels;
    layer.input = in_planes.data(), layer.kernels = kernel_planes.data();
    layer.grad_output = grad_planes.data();
    expect_near(oracle::aggregation_grad_input(layer),
                of_in.realize({kGroupChannels, kGroups, width, height, kBatch}), "grad_input");
    expect_near(oracle::aggregation_grad_weight(layer),
                of_kernels.realize({kernel, kernel, kGroups, columns, rows, kBatch}),
                "grad_kernels");
}

} // namespace involute
