// The aggregation as one writes it first in CUDA C++: a thread an output value, two loads a
// multiply-add. What tests/perf/cuda compares the generated kernels with.
// in [B,H,W,C], kernels [B,H,W,G,K*K], out [B,H,W,C]; stride 1, zeros around the image.
extern "C" __global__ void plain_aggregation(const float *__restrict__ in,
                                             const float *__restrict__ kernels,
                                             float *__restrict__ out, int height, int width,
                                             int channels, int batch) {
    constexpr int kKernel = 7, kGroup = 16;
    const int index = blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= batch * height * width * channels)
        return;
    const int c = index % channels, x = index / channels % width;
    const int y = index / channels / width % height, b = index / channels / width / height;
    const float *weights =
        kernels +
        (((b * height + y) * width + x) * (channels / kGroup) + c / kGroup) * kKernel * kKernel;
    float sum = 0;
    for (int ky = 0; ky < kKernel; ++ky) {
        for (int kx = 0; kx < kKernel; ++kx) {
            const int yy = y + ky - kKernel / 2, xx = x + kx - kKernel / 2;
            if (yy >= 0 && yy < height && xx >= 0 && xx < width)
                sum += weights[ky * kKernel + kx] *
                       in[((b * height + yy) * width + xx) * channels + c];
        }
    }
    out[index] = sum;
}
