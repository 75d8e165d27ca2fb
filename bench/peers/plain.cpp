// The aggregation of involution as a good plain C++ program writes it, for the comparison with
// other engines: padded copy, channels last, a block of pixels of one group in registers, loops
// that the compiler vectorises, OpenMP over rows. Compiled for the machine at hand (-O3
// -march=native); nothing of involute is used here.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

namespace {

constexpr int kGroup = 16; // channels that share a kernel
constexpr int kBlock = 4;  // pixels at once: 4 x 16 sums fill 8 registers of AVX2

// Sums of P neighbouring pixels. `x` points at the first tap of the first pixel.
template <int K, int P>
void block(const float *__restrict x, ptrdiff_t row, ptrdiff_t pixel, ptrdiff_t step,
           const float *__restrict kernels, ptrdiff_t kernel_pixel, float *__restrict out) {
    float sum[P][kGroup] = {};
    for (int ky = 0; ky < K; ++ky) {
        for (int kx = 0; kx < K; ++kx) {
            const float *tap = x + ky * row + kx * pixel;
            for (int p = 0; p < P; ++p) {
                const float weight = kernels[p * kernel_pixel + ky * K + kx];
#pragma omp simd
                for (int c = 0; c < kGroup; ++c)
                    sum[p][c] += weight * tap[p * step + c];
            }
        }
    }
    for (int p = 0; p < P; ++p)
        std::memcpy(out + p * pixel, sum[p], sizeof sum[p]);
}

template <int K>
void aggregate(const float *x, const float *kernels, float *out, int batch, int height, int width,
               int channels, int stride, int threads) {
    const int reach = K / 2, groups = channels / kGroup;
    const int out_height = (height - 1) / stride + 1, out_width = (width - 1) / stride + 1;
    const ptrdiff_t pixel = channels, row = (width + 2 * reach) * pixel;
    const ptrdiff_t image = (height + 2 * reach) * row, kernel_pixel = ptrdiff_t{groups} * K * K;
    static constexpr decltype(&block<K, 1>) blocks[kBlock] = {block<K, 1>, block<K, 2>, block<K, 3>,
                                                              block<K, kBlock>};
    // Kept from call to call, so that its pages are not mapped anew each time.
    static thread_local std::unique_ptr<float[]> memory;
    static thread_local ptrdiff_t capacity = 0;
    if (capacity < batch * image) {
        capacity = batch * image;
        memory.reset(new float[static_cast<size_t>(capacity)]);
    }
    float *padded = memory.get();
#pragma omp parallel num_threads(threads)
    {
#pragma omp for
        for (int line = 0; line < batch * (height + 2 * reach); ++line) {
            const int b = line / (height + 2 * reach), y = line % (height + 2 * reach) - reach;
            float *to = padded + line * row;
            if (y < 0 || y >= height) {
                std::memset(to, 0, sizeof(float) * row);
                continue;
            }
            const ptrdiff_t side = reach * pixel, middle = width * pixel;
            std::memset(to, 0, sizeof(float) * side);
            std::memcpy(to + side, x + (ptrdiff_t{b} * height + y) * middle,
                        sizeof(float) * middle);
            std::memset(to + side + middle, 0, sizeof(float) * side);
        }
#pragma omp for
        for (int line = 0; line < batch * out_height; ++line) {
            const int b = line / out_height, y = line % out_height;
            const float *from = padded + b * image + ptrdiff_t{y} * stride * row;
            const ptrdiff_t start = ptrdiff_t{line} * out_width;
            for (int column = 0; column < out_width; column += kBlock) {
                const int count = std::min(kBlock, out_width - column);
                for (int g = 0; g < groups; ++g)
                    blocks[count - 1](from + column * stride * pixel + g * kGroup, row, pixel,
                                      stride * pixel,
                                      kernels + (start + column) * kernel_pixel + g * K * K,
                                      kernel_pixel, out + (start + column) * pixel + g * kGroup);
            }
        }
    }
}

} // namespace

// x [batch][height][width][channels], kernels [batch][ceil(height/stride)][ceil(width/stride)]
// [channels/16][size*size], out like kernels with [channels] at the end; size 3 or 7, channels a
// multiple of 16. Returns 0, or 1 for a size it was not built for.
extern "C" int involute_peer_aggregate(const float *x, const float *kernels, float *out, int batch,
                                       int height, int width, int channels, int size, int stride,
                                       int threads) {
    if (channels % kGroup != 0 || (size != 3 && size != 7))
        return 1;
    const auto run = size == 3 ? aggregate<3> : aggregate<7>;
    run(x, kernels, out, batch, height, width, channels, stride, threads);
    return 0;
}
