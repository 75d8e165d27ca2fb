// Local self-attention as one operator, and the same by hand from the kernels it is made of:
// aggregation_grad_weight(k, q) -> softmax over the taps -> aggregation of v. Prints how far the
// two are apart and the milliseconds of both. docs/self-attention.md explains the formulas.
#include <involute/involute.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

namespace inv = involute::cpp;

constexpr int kHead = 16; // channels; any number, 16 makes the scale a power of two
constexpr int64_t kChannels = 64, kKernel = 7, kSide = 56;

static void check(const inv::Result &result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.message());
        std::exit(1);
    }
}

// Memory of its own. `inner` lists the dimensions from the innermost one; row-major without.
struct Tensor {
    Tensor(const std::vector<int64_t> &shape, const std::vector<int> &inner = {}) {
        for (const int64_t side : shape)
            count *= side;
        data.reset(static_cast<float *>(std::aligned_alloc(64, (count * 4 + 63) / 64 * 64)));
        view = involute_tensor_f32(data.get(), static_cast<int32_t>(shape.size()), shape.data());
        int64_t stride = 1;
        for (const int dimension : inner) {
            view.strides[dimension] = stride;
            stride *= view.shape[dimension];
        }
    }
    involute_named_tensor fill(const char *name, double half_width) {
        check(involute_tensor_fill(&view, name, 0, 0, half_width));
        return {name, view};
    }
    int64_t count = 1;
    std::unique_ptr<float, decltype(&std::free)> data{nullptr, std::free};
    involute_tensor view;
};

static Tensor map() { // [B,C,H,W], channels innermost
    return Tensor({1, kChannels, kSide, kSide}, {1, 3, 2, 0});
}

static Tensor kernel_map() { // [B,heads,taps,H,W], taps innermost
    return Tensor({1, kChannels / kHead, kKernel * kKernel, kSide, kSide}, {2, 1, 4, 3, 0});
}

static inv::Operator operator_of(inv::Op op, const std::vector<involute_named_tensor> &parameters) {
    inv::OperatorOptions options;
    options.op = op;
    options.channels = kChannels, options.kernel = 1;
    if (op != inv::Op::conv2d)
        options.kernel = kKernel, options.group_channels = kHead;
    inv::Weights weights;
    if (!parameters.empty())
        check(weights.create(parameters));
    inv::Operator made;
    check(made.create(options, weights, 1, kSide, kSide, /*threads=*/1));
    return made;
}

static double best_ms(const std::function<void()> &run) {
    double best = 1e9;
    for (int i = 0; i < 20; i++) {
        const auto start = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, took.count());
    }
    return best;
}

int main() {
    std::vector<involute_named_tensor> parameters;
    std::vector<Tensor> kept; // their memory
    for (const char *name : {"query.weight", "key.weight", "value.weight"}) {
        kept.push_back(Tensor({kChannels, kChannels, 1, 1}));
        parameters.push_back(kept.back().fill(name, std::sqrt(3.0 / kChannels)));
    }
    for (const char *name : {"query.bias", "key.bias", "value.bias"}) {
        kept.push_back(Tensor({kChannels}));
        parameters.push_back(kept.back().fill(name, 0.125));
    }
    inv::Operator attention = operator_of(inv::Op::local_attention, parameters);

    for (const Tensor *part : {&kept[0], &kept[3]}) // the scale, which the operator folds in itself
        for (int64_t i = 0; i < part->count; i++)
            part->data.get()[i] /= std::sqrt(float{kHead});
    std::vector<inv::Operator> projections;
    for (size_t i = 0; i < 3; i++)
        projections.push_back(
            operator_of(inv::Op::conv2d, {{"weight", kept[i].view}, {"bias", kept[i + 3].view}}));
    inv::Operator scores_of = operator_of(inv::Op::aggregation_grad_weight, {});
    inv::Operator softmax = operator_of(inv::Op::softmax, {});
    inv::Operator sum = operator_of(inv::Op::aggregation, {});

    Tensor input = map(), q = map(), k = map(), v = map(), scores = kernel_map();
    Tensor weights = kernel_map(), whole = map(), by_hand = map();
    input.fill("input", 2);
    const double whole_ms = best_ms([&] { check(attention.run(input.view, whole.view)); });
    const double hand_ms = best_ms([&] {
        check(projections[0].run(input.view, q.view));
        check(projections[1].run(input.view, k.view));
        check(projections[2].run(input.view, v.view));
        check(scores_of.run({{"input", k.view}, {"grad_output", q.view}},
                            {{"grad_kernels", scores.view}}));
        check(softmax.run({{"kernels", scores.view}}, {{"output", weights.view}}));
        check(sum.run({{"input", v.view}, {"kernels", weights.view}}, {{"output", by_hand.view}}));
    });
    double difference = 0, largest = 0;
    for (int64_t i = 0; i < whole.count; i++) {
        const double expected = whole.data.get()[i];
        difference = std::max(difference, std::fabs(by_hand.data.get()[i] - expected));
        largest = std::max(largest, std::fabs(expected));
    }
    std::printf("local_attention %.2f ms, by hand %.2f ms, largest value %.3f, difference %.1e\n",
                whole_ms, hand_ms, largest, difference);
    return largest > 0 && difference <= 1e-6 * largest ? 0 : 1;
}
