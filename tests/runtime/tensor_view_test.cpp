// Tensors of the caller: what is refused, what is used as it lies, and copies between any strides,
// with padding left alone.
#include "core/tensor_view.h"

#include <gtest/gtest.h>

#include <vector>

namespace involute {
namespace {

alignas(64) float memory[4096];

TensorLayout map_layout(int64_t b, int64_t c, int64_t h, int64_t w) {
    TensorLayout layout;
    layout.batch = b;
    layout.height = h;
    layout.width = w;
    layout.taps = layout.pixel_stride = c;
    return layout;
}

involute_tensor nchw(float *data, int64_t b, int64_t c, int64_t h, int64_t w) {
    const int64_t shape[] = {b, c, h, w};
    return involute_tensor_f32(data, 4, shape);
}

void set_strides(involute_tensor *tensor, std::vector<int64_t> strides) {
    for (size_t i = 0; i < strides.size(); ++i)
        tensor->strides[i] = strides[i];
}

std::string refusal(const involute_tensor &tensor, bool writable) {
    const Status status = check_tensor("input", "x", tensor, map_layout(2, 3, 4, 5), writable);
    EXPECT_TRUE(status.ok() || status.code() == INVOLUTE_INVALID_ARGUMENT);
    return status.message();
}

TEST(TensorView, RefusalsNameExpectedAndGot) {
    const involute_tensor good = nchw(memory, 2, 3, 4, 5);
    EXPECT_EQ(refusal(good, true), "");
    involute_tensor bad = good;
    bad.dtype = INVOLUTE_I8;
    EXPECT_EQ(refusal(bad, false), "input 'x': expected dtype f32, got i8 (2)");
    bad = good;
    bad.device = 3;
    EXPECT_EQ(refusal(bad, false), "input 'x': expected device 0 (CPU), got 3");
    bad = good;
    bad.shape[3] = 6;
    EXPECT_EQ(refusal(bad, false), "input 'x': expected shape [2,3,4,5], got [2,3,4,6] (rank 4)");
    bad = good;
    bad.rank = 1000;
    EXPECT_NE(refusal(bad, false).find("(rank 1000)"), std::string::npos);
    bad.rank = -1;
    EXPECT_NE(refusal(bad, false).find("got [] (rank -1)"), std::string::npos);
    bad = good;
    bad.data = nullptr;
    EXPECT_EQ(refusal(bad, false), "input 'x': expected data, got NULL");
    bad = good;
    bad.data = reinterpret_cast<char *>(memory) + 2;
    EXPECT_NE(refusal(bad, false).find("multiple of 4 bytes"), std::string::npos);
    for (int64_t stride : {int64_t{-1}, INT64_MAX, INT64_MAX / 4}) {
        bad = good;
        bad.strides[2] = stride;
        EXPECT_NE(refusal(bad, false).find("of dimension 2"), std::string::npos) << stride;
    }
}

TEST(TensorView, OnlyInputsMayShareAddresses) {
    involute_tensor broadcast = nchw(memory, 2, 3, 4, 5);
    broadcast.strides[0] = 0;
    EXPECT_EQ(refusal(broadcast, false), "");
    EXPECT_NE(refusal(broadcast, true).find("share an address"), std::string::npos);
    involute_tensor close = nchw(memory, 2, 3, 4, 5);
    set_strides(&close, {60, 20, 4, 1}); // rows of 5 at a distance of 4
    EXPECT_NE(refusal(close, true).find("share an address"), std::string::npos);
    involute_tensor wide = nchw(memory, 2, 3, 4, 5);
    set_strides(&wide, {500, 100, 20, 3});
    EXPECT_EQ(refusal(wide, true), "");
}

TEST(TensorView, NativeIsChannelsLastAndAligned) {
    const TensorLayout layout = map_layout(2, 3, 4, 5);
    involute_tensor tensor = nchw(memory, 2, 3, 4, 5);
    EXPECT_FALSE(is_native(tensor, layout));
    set_strides(&tensor, {60, 1, 15, 3});
    EXPECT_TRUE(is_native(tensor, layout));
    tensor.data = memory + 1;
    EXPECT_FALSE(is_native(tensor, layout));
    tensor.data = memory;
    tensor.strides[2] = 16;
    EXPECT_FALSE(is_native(tensor, layout));
    // Strides of dimensions with one element say nothing.
    involute_tensor pixel = nchw(memory, 1, 3, 1, 1);
    set_strides(&pixel, {77, 1, 88, 99});
    EXPECT_TRUE(is_native(pixel, map_layout(1, 3, 1, 1)));
}

// Values that tell their own index, through native memory with padded pixels and back.
void round_trip(const TensorLayout &layout, const std::vector<int64_t> &strides) {
    const std::vector<int64_t> shape = layout.public_shape();
    involute_tensor tensor =
        involute_tensor_f32(nullptr, static_cast<int32_t>(shape.size()), shape.data());
    size_t span = 1;
    for (size_t i = 0; i < shape.size(); ++i) {
        tensor.strides[i] = strides[i];
        span += static_cast<size_t>((shape[i] - 1) * strides[i]);
    }
    std::vector<float> source(span);
    for (size_t i = 0; i < span; ++i)
        source[i] = static_cast<float>(i) + 0.5f;
    tensor.data = source.data();
    ASSERT_TRUE(check_tensor("input", "x", tensor, layout, true).ok());
    const ByteRange range = byte_range(tensor);
    EXPECT_EQ(range.first, reinterpret_cast<uintptr_t>(source.data()));
    EXPECT_EQ(range.last - range.first, span * sizeof(float));

    std::vector<float> native(static_cast<size_t>(layout.elements()), -1.0f);
    copy_in(tensor, layout, native.data());
    const bool kernels = layout.kind == TensorLayout::Kind::kKernels;
    size_t copied = 0;
    for (int64_t b = 0; b < layout.batch; ++b) {
        for (int64_t y = 0; y < layout.height; ++y) {
            for (int64_t x = 0; x < layout.width; ++x) {
                for (int64_t c = 0; c < layout.channels(); ++c, ++copied) {
                    const int64_t g = c / layout.taps, t = c % layout.taps;
                    const int64_t from =
                        kernels ? b * strides[0] + g * strides[1] + t * strides[2] +
                                      y * strides[3] + x * strides[4]
                                : b * strides[0] + c * strides[1] + y * strides[2] + x * strides[3];
                    const int64_t pixel = (b * layout.height + y) * layout.width + x;
                    ASSERT_EQ(native[static_cast<size_t>(pixel * layout.pixel_stride + c)],
                              source[static_cast<size_t>(from)]);
                }
            }
        }
    }
    size_t untouched = 0;
    for (float value : native)
        untouched += value == -1.0f;
    EXPECT_EQ(untouched + copied, native.size()); // padding is left alone

    std::vector<float> back(span, -2.0f);
    tensor.data = back.data();
    copy_out(native.data(), layout, tensor);
    size_t written = 0;
    for (size_t i = 0; i < span; ++i) {
        written += back[i] != -2.0f;
        ASSERT_TRUE(back[i] == -2.0f || back[i] == source[i]);
    }
    EXPECT_EQ(written, copied);
}

TEST(TensorView, CopiesMapsOfAnyStrides) {
    round_trip(map_layout(2, 3, 4, 37), {3 * 4 * 37, 4 * 37, 37, 1}); // NCHW
    round_trip(map_layout(2, 3, 4, 37), {4 * 37 * 3, 1, 37 * 3, 3});  // NHWC
    round_trip(map_layout(2, 3, 4, 37), {1, 2, 6 * 37 * 5, 6 * 5});   // neither
    TensorLayout padded = map_layout(2, 19, 1, 1);
    padded.pixel_stride = 32;
    round_trip(padded, {19, 1, 1, 1});
}

TEST(TensorView, CopiesKernels) {
    TensorLayout layout = map_layout(2, 9, 3, 17);
    layout.kind = TensorLayout::Kind::kKernels;
    layout.groups = 2;
    layout.pixel_stride = 32;
    const int64_t plane = 3 * 17;
    round_trip(layout, {18 * plane, 9 * plane, plane, 17, 1}); // as PyTorch has it
    round_trip(layout, {18 * plane, 9, 1, 18 * 17, 18});       // pixel by pixel
    round_trip(layout, {40 * plane, 1, 3, 40 * 17, 40});
}

} // namespace
} // namespace involute
