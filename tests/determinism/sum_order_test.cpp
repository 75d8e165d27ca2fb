// The order of every sum is that of the algorithm: kernels give the bits of plain float32 loops,
// with fused multiply-adds where the instruction set has them and without where it has not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/isa.h"
#include "tests/kernels/emitted.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

constexpr int kProblems = 25;

// The loops of one problem. Written for this test alone: the oracle's are in double.
class Loops {
public:
    Loops(const Problem &problem, const Operands &operands, bool fused)
        : p_(problem), o_(operands), op_(problem.entry()->op), fused_(fused) {}

    std::vector<float> result() const {
        const bool vector = op_ == Op::kDense || op_ == Op::kGlobalPool;
        const int64_t rows = vector ? 1 : p_.out_height(), columns = vector ? 1 : p_.out_width();
        if (op_ == Op::kKernelGeneration)
            return generated();
        if (op_ == Op::kAggregationGradInput)
            return grad_input();
        if (op_ == Op::kAggregationGradWeight)
            return grad_weight();
        const std::vector<float> kernels = op_ == Op::kInvolution ? generated() : o_.kernels;
        const int64_t channels =
            op_ == Op::kConv2d || op_ == Op::kDense ? p_.out_channels : p_.channels;
        std::vector<float> out;
        for (int64_t b = 0; b < p_.batch; ++b)
            for (int64_t c = 0; c < channels; ++c)
                for (int64_t y = 0; y < rows; ++y)
                    for (int64_t x = 0; x < columns; ++x)
                        out.push_back(value(kernels, b, c, y, x, out.size()));
        return out;
    }

private:
    float add_product(float sum, float a, float b) const {
        return fused_ ? std::fma(a, b, sum) : sum + a * b;
    }
    float relu(float value) const {
        return p_.relu != 0 && value < 0 ? 0 : value;
    }
    static float get(const std::vector<float> &values, int64_t i) {
        return values[static_cast<size_t>(i)];
    }
    float input(int64_t b, int64_t c, int64_t y, int64_t x) const {
        if (y < 0 || x < 0 || y >= p_.height || x >= p_.width)
            return 0;
        return get(o_.input, ((b * p_.channels + c) * p_.height + y) * p_.width + x);
    }

    float value(const std::vector<float> &kernels, int64_t b, int64_t c, int64_t y, int64_t x,
                size_t index) const {
        switch (op_) {
        case Op::kConv2d: {
            const float sum = convolved(b, c, y, x);
            return relu(sum + (p_.residual != 0 ? o_.residual[index] : 0.0f));
        }
        case Op::kDense:
            return convolved(b, c, 0, 0);
        case Op::kAvgPool:
            return mean(b, c, y * p_.stride, x * p_.stride, p_.stride, p_.stride);
        case Op::kGlobalPool:
            return mean(b, c, 0, 0, p_.height, p_.width);
        default:
            return relu(aggregated(kernels, b, c, y, x) * get(o_.scale, c) + get(o_.shift, c));
        }
    }

    // Where the window of output pixel `at` begins in a line of `size` pixels.
    int64_t start(int64_t at, int64_t taps, int64_t size) const {
        const int64_t place = at * p_.stride / p_.upsample;
        int64_t first = place - p_.dilation * (taps - 1) / 2;
        if (p_.entry()->form == Form::kClamp) {
            while (first < 0)
                first += p_.dilation;
            while (first + p_.dilation * (taps - 1) >= size)
                first -= p_.dilation;
        }
        return first;
    }

    // Row by row of the window, in it tap by tap, in it channel by channel.
    float convolved(int64_t b, int64_t n, int64_t y, int64_t x) const {
        const int64_t kh = p_.window().height, kw = p_.window().width;
        const int64_t depth = p_.channels / p_.conv_groups;
        const int64_t first = n / (p_.out_channels / p_.conv_groups) * depth;
        const int64_t top = start(y, kh, p_.height), left = start(x, kw, p_.width);
        float sum = get(o_.bias, n);
        for (int64_t ky = 0; ky < kh; ++ky)
            for (int64_t kx = 0; kx < kw; ++kx)
                for (int64_t c = 0; c < depth; ++c)
                    sum = add_product(
                        sum, get(o_.weight, ((n * depth + c) * kh + ky) * kw + kx),
                        input(b, first + c, top + ky * p_.dilation, left + kx * p_.dilation));
        return sum;
    }

    float mean(int64_t b, int64_t c, int64_t top, int64_t left, int64_t rows,
               int64_t columns) const {
        float sum = 0;
        int64_t count = 0;
        for (int64_t y = top; y < std::min(top + rows, p_.height); ++y)
            for (int64_t x = left; x < std::min(left + columns, p_.width); ++x, ++count)
                sum += input(b, c, y, x);
        return sum * static_cast<float>(1.0 / static_cast<double>(count));
    }

    float source(int64_t b, int64_t c, int64_t y, int64_t x) const {
        return p_.stride == 1 ? input(b, c, y, x)
                              : mean(b, c, y * p_.stride, x * p_.stride, p_.stride, p_.stride);
    }

    // One 1x1 layer at one pixel.
    std::vector<float> product(const std::vector<float> &weight, const std::vector<float> &bias,
                               const std::vector<float> &in) const {
        std::vector<float> out = bias;
        for (size_t n = 0; n < out.size(); ++n)
            for (size_t c = 0; c < in.size(); ++c)
                out[n] = add_product(out[n], weight[n * in.size() + c], in[c]);
        return out;
    }

    // [B,G,K*K,Ho,Wo]
    std::vector<float> generated() const {
        const int64_t plane = p_.out_height() * p_.out_width(), count = p_.kernel_rows();
        std::vector<float> kernels(static_cast<size_t>(p_.batch * count * plane));
        for (int64_t b = 0; b < p_.batch; ++b)
            for (int64_t p = 0; p < plane; ++p) {
                std::vector<float> in;
                for (int64_t c = 0; c < p_.channels; ++c)
                    in.push_back(source(b, c, p / p_.out_width(), p % p_.out_width()));
                if (p_.hidden > 0) {
                    in = product(o_.reduce_weight, o_.reduce_bias, in);
                    for (float &unit : in)
                        unit = unit < 0 ? 0 : unit;
                }
                const std::vector<float> weights = product(o_.weight, o_.bias, in);
                for (int64_t n = 0; n < count; ++n)
                    kernels[static_cast<size_t>((b * count + n) * plane + p)] = get(weights, n);
            }
        return kernels;
    }

    float aggregated(const std::vector<float> &kernels, int64_t b, int64_t c, int64_t y,
                     int64_t x) const {
        const int64_t taps = p_.window().taps(), kw = p_.window().width;
        const int64_t plane = p_.out_height() * p_.out_width();
        const int64_t first = (b * p_.kernel_rows() + c / p_.group_channels * taps) * plane;
        const int64_t top = start(y, p_.window().height, p_.height), left = start(x, kw, p_.width);
        float sum = 0;
        for (int64_t tap = 0; tap < taps; ++tap)
            sum = add_product(
                sum, get(kernels, first + tap * plane + y * p_.out_width() + x),
                input(b, c, top + tap / kw * p_.dilation, left + tap % kw * p_.dilation));
        return sum;
    }

    // Tap after tap of the windows that held a place.
    std::vector<float> grad_input() const {
        const int64_t k = p_.kernel, border = p_.dilation * (k - 1) / 2, s = p_.stride;
        const int64_t rows = p_.out_height(), columns = p_.out_width(), plane = rows * columns;
        std::vector<float> out;
        for (int64_t bc = 0; bc < p_.batch * p_.channels; ++bc)
            for (int64_t y = 0; y < p_.height; ++y)
                for (int64_t x = 0; x < p_.width; ++x) {
                    const int64_t group =
                        bc / p_.channels * p_.groups() + bc % p_.channels / p_.group_channels;
                    float sum = 0;
                    for (int64_t tap = 0; tap < k * k; ++tap) {
                        const int64_t top = y + border - tap / k * p_.dilation;
                        const int64_t left = x + border - tap % k * p_.dilation;
                        if (top < 0 || left < 0 || top % s != 0 || left % s != 0 ||
                            top / s >= rows || left / s >= columns)
                            continue;
                        const int64_t p = top / s * columns + left / s;
                        sum = add_product(sum, get(o_.kernels, (group * k * k + tap) * plane + p),
                                          get(o_.grad, bc * plane + p));
                    }
                    out.push_back(sum);
                }
        return out;
    }

    // Eight sums over every eighth channel; of these every second of a half is added, then the
    // two that are left, then the halves.
    std::vector<float> grad_weight() const {
        const int64_t k = p_.kernel, border = p_.dilation * (k - 1) / 2, columns = p_.out_width();
        const int64_t plane = p_.out_height() * columns;
        std::vector<float> out;
        for (int64_t bg = 0; bg < p_.batch * p_.groups(); ++bg)
            for (int64_t tap = 0; tap < k * k; ++tap)
                for (int64_t p = 0; p < plane; ++p) {
                    const int64_t y = p / columns * p_.stride - border + tap / k * p_.dilation;
                    const int64_t x = p % columns * p_.stride - border + tap % k * p_.dilation;
                    float s[8] = {};
                    for (int64_t ci = 0; ci < p_.group_channels; ++ci) {
                        const int64_t b = bg / p_.groups();
                        const int64_t c = bg % p_.groups() * p_.group_channels + ci;
                        s[ci % 8] = add_product(s[ci % 8], input(b, c, y, x),
                                                get(o_.grad, (b * p_.channels + c) * plane + p));
                    }
                    const float low = (s[0] + s[2]) + (s[1] + s[3]);
                    const float high = (s[4] + s[6]) + (s[5] + s[7]);
                    out.push_back(low + high);
                }
        return out;
    }

    const Problem &p_;
    const Operands &o_;
    const Op op_;
    const bool fused_;
};

class SumOrder : public ::testing::TestWithParam<Op> {};

} // namespace

// Maxima have no sums.
INSTANTIATE_TEST_SUITE_P(Ops, SumOrder,
                         ::testing::Values(Op::kConv2d, Op::kDense, Op::kAvgPool, Op::kGlobalPool,
                                           Op::kKernelGeneration, Op::kAggregation, Op::kInvolution,
                                           Op::kAggregationGradInput, Op::kAggregationGradWeight),
                         name_of);

TEST_P(SumOrder, IsThatOfThePlainLoops) {
    for (const KernelEntry *kernel : available_kernels(GetParam())) {
        for (const Problem &problem : problems_for(*kernel, kProblems)) {
            SCOPED_TRACE("INVOLUTE_CASE=\"" + problem.text() + "\"");
            const Operands operands = random_operands(problem);
            const bool fused = kernel->isa != INVOLUTE_ISA_BASELINE;
            const std::vector<float> wanted = Loops(problem, operands, fused).result();
            const std::vector<float> got = run_emitted(kernel->function, problem, operands);
            ASSERT_EQ(wanted.size(), got.size());
            for (size_t i = 0; i < wanted.size(); ++i)
                ASSERT_EQ(wanted[i], got[i]) << "value " << i;
        }
    }
}

} // namespace involute::kernel_tests
