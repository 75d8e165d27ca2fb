// Softmax over the taps, alone and between the two aggregations that make it local self-attention.
#include <gtest/gtest.h>

#include <cmath>

#include "involute/involute.h"
#include "tests/kernels/harness.h"

namespace involute::kernel_tests {

TEST(Softmax, RandomProblemsStayWithinTheBound) {
    check_op(Op::kSoftmax);
}

TEST(Softmax, MaskedTapsWeighNothing) {
    Problem problem;
    problem.row = "softmax", problem.isa = kLowestIsa, problem.kernel = 3;
    const float infinity = std::numeric_limits<float>::infinity();
    Operands operands;
    operands.input = {0, -infinity, 1, -200, 0, -infinity, 0.5f, 2, -1};
    KernelContext context(nullptr, 0);
    const Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, &context);
    ASSERT_EQ(outcome.failure, "");
    ASSERT_EQ(outcome.values.size(), 9u);
    EXPECT_EQ(outcome.values[1], 0.0f);
    EXPECT_EQ(outcome.values[3], 0.0f); // e^-202
    EXPECT_EQ(outcome.values[5], 0.0f);
    EXPECT_EQ(compare(expected(problem, operands), outcome.values), "");
    operands.input.assign(9, -infinity); // nothing to choose from, as elsewhere
    for (const float value :
         run_kernel(problem, operands, Placement::kFlushWithEnd, &context).values)
        EXPECT_TRUE(std::isnan(value));
}

namespace {

constexpr int64_t kChannels = 32, kHeight = 6, kWidth = 7, kPlane = kHeight * kWidth, kK = 5;
constexpr int64_t kTaps = kK * kK, kGroups = 2;

std::vector<float> call(const std::string &kind, const char *first_name,
                        const std::vector<float> &first, const char *second_name,
                        const std::vector<float> &second, const char *result_name,
                        size_t result_size) {
    const std::string text =
        "{\"kind\":\"" + kind + "\",\"channels\":32,\"kernel\":5,\"group_channels\":16}";
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = text.c_str();
    involute_model *model = nullptr;
    involute_status status = involute_model_create(&options, &model);
    EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = 1, sizes.height = kHeight, sizes.width = kWidth, sizes.threads = 2;
    involute_session *session = nullptr;
    status = involute_session_create(model, &sizes, &session);
    EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
    const int64_t map[] = {1, kChannels, kHeight, kWidth};
    const int64_t kernels[] = {1, kGroups, kTaps, kHeight, kWidth};
    const auto view = [&](const char *name, const std::vector<float> &values) {
        const bool is_map = values.size() == static_cast<size_t>(kChannels * kPlane);
        return involute_named_tensor{name,
                                     involute_tensor_f32(const_cast<float *>(values.data()),
                                                         is_map ? 4 : 5, is_map ? map : kernels)};
    };
    std::vector<float> result(result_size);
    const involute_named_tensor inputs[] = {view(first_name, first), view(second_name, second)};
    const involute_named_tensor output = view(result_name, result);
    status = involute_session_run(session, inputs, second.empty() ? 1 : 2, &output, 1);
    EXPECT_EQ(status.code, INVOLUTE_OK) << status.message;
    involute_session_destroy(session);
    involute_model_destroy(model);
    return result;
}

// softmax over the window of q . k, then the sum of v; zeros around the map.
double attended(const std::vector<float> &q, const std::vector<float> &k,
                const std::vector<float> &v, int64_t channel, int64_t y, int64_t x) {
    const int64_t first = channel / 16 * 16;
    const auto at = [](const std::vector<float> &map, int64_t c, int64_t row, int64_t column) {
        const bool inside = row >= 0 && row < kHeight && column >= 0 && column < kWidth;
        return inside ? static_cast<double>(
                            map[static_cast<size_t>((c * kHeight + row) * kWidth + column)])
                      : 0.0;
    };
    double sum = 0, all = 0;
    for (int64_t tap = 0; tap < kTaps; ++tap) {
        const int64_t row = y + tap / kK - kK / 2, column = x + tap % kK - kK / 2;
        double score = 0;
        for (int64_t c = first; c < first + 16; ++c)
            score += at(q, c, y, x) * at(k, c, row, column);
        all += std::exp(score);
        sum += std::exp(score) * at(v, channel, row, column);
    }
    return sum / all;
}

} // namespace

TEST(Softmax, IsTheMiddleOfLocalSelfAttention) {
    const size_t map = kChannels * kPlane, kernels = kGroups * kTaps * kPlane;
    std::vector<float> q(map), k(map), v(map);
    for (auto [values, name] : {std::pair(&q, "q"), std::pair(&k, "k"), std::pair(&v, "v")}) {
        const int64_t shape[] = {static_cast<int64_t>(map)};
        involute_tensor view = involute_tensor_f32(values->data(), 1, shape);
        ASSERT_EQ(involute_tensor_fill(&view, name, 0, 0, 0.7).code, INVOLUTE_OK);
    }
    const std::vector<float> scores =
        call("aggregation_grad_weight", "input", k, "grad_output", q, "grad_kernels", kernels);
    const std::vector<float> weights =
        call("softmax", "kernels", scores, "", {}, "output", kernels);
    const std::vector<float> out =
        call("aggregation", "input", v, "kernels", weights, "output", map);
    for (int64_t c = 0; c < kChannels; ++c)
        for (int64_t p = 0; p < kPlane; ++p)
            EXPECT_NEAR(out[static_cast<size_t>(c * kPlane + p)],
                        attended(q, k, v, c, p / kWidth, p % kWidth), 2e-6);
}

} // namespace involute::kernel_tests
