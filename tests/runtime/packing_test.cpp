// Packed weights: the documented place of every value, zeros in the padding, and back again. Then
// whole layers, as a model packs them.
#include "core/packing.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/model.h"

namespace involute {
namespace {

std::vector<float> counting(int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), 1.0f); // no zeros, so that padding stands out
    return values;
}

int64_t zeros(const float *values, int64_t count) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; ++i)
        found += values[i] == 0.0f;
    return found;
}

TEST(Packing, MatrixPlacesAndRoundTrip) {
    for (const MatrixPacking &shape :
         {MatrixPacking{1, 1, 16}, MatrixPacking{16, 8, 16}, MatrixPacking{49, 5, 16},
          MatrixPacking{1000, 3, 64}, MatrixPacking{33, 17, 32}, MatrixPacking{33, 5, 16, 4}}) {
        const std::vector<float> source = counting(shape.outputs * shape.depth);
        WeightMemory memory;
        WeightSpan packed;
        ASSERT_TRUE(pack_matrix(shape, source.data(), "test", &memory, &packed).ok());
        ASSERT_EQ(packed.size(), static_cast<size_t>(shape.size()));
        EXPECT_EQ(reinterpret_cast<uintptr_t>(packed.data()) % 64, 0u);
        for (int64_t o = 0; o < shape.outputs; ++o) {
            for (int64_t k = 0; k < shape.depth; ++k) {
                const int64_t ni = o % shape.nr, no = o / shape.nr;
                ASSERT_EQ(packed.data()[ni + shape.nr * k + shape.nr * shape.depth * no],
                          source[static_cast<size_t>(o * shape.depth + k)]);
            }
        }
        EXPECT_EQ(zeros(packed.data(), shape.size()), shape.size() - shape.outputs * shape.depth);
        std::vector<float> back(source.size());
        unpack_matrix(shape, packed.data(), back.data());
        EXPECT_EQ(back, source);
    }
}

TEST(Packing, WindowPlacesAndRoundTrip) {
    for (const WindowPacking &shape : {WindowPacking{32, 3, 3, 16}, WindowPacking{64, 3, 7, 16},
                                       WindowPacking{20, 5, 1, 16}, WindowPacking{16, 32, 3, 16}}) {
        const int64_t taps = shape.kernel * shape.kernel;
        const std::vector<float> source = counting(shape.outputs * shape.channels * taps);
        WeightMemory memory;
        WeightSpan packed;
        ASSERT_TRUE(pack_window(shape, source.data(), "test", &memory, &packed).ok());
        ASSERT_EQ(packed.size(), static_cast<size_t>(shape.size()));
        const int64_t depth = shape.kernel * shape.channels;
        size_t index = 0;
        for (int64_t o = 0; o < shape.outputs; ++o) {
            for (int64_t c = 0; c < shape.channels; ++c) {
                for (int64_t ky = 0; ky < shape.kernel; ++ky) {
                    for (int64_t kx = 0; kx < shape.kernel; ++kx) {
                        const int64_t j = kx * shape.channels + c;
                        const int64_t place = o % shape.nr + shape.nr * j + shape.nr * depth * ky +
                                              shape.nr * depth * shape.kernel * (o / shape.nr);
                        ASSERT_EQ(packed.data()[place], source[index++]);
                    }
                }
            }
        }
        EXPECT_EQ(zeros(packed.data(), shape.size()),
                  shape.size() - shape.outputs * shape.channels * taps);
        std::vector<float> back(source.size());
        unpack_window(shape, packed.data(), back.data());
        EXPECT_EQ(back, source);
    }
}

TEST(Packing, VectorIsPaddedAndBack) {
    const std::vector<float> source = counting(19);
    WeightMemory memory;
    WeightSpan packed;
    ASSERT_TRUE(pack_vector(19, 16, 2, source.data(), "test", &memory, &packed).ok());
    ASSERT_EQ(packed.size(), 32u);
    EXPECT_EQ(zeros(packed.data(), 32), 13);
    std::vector<float> back(19);
    unpack_vector(19, packed.data(), back.data());
    EXPECT_EQ(back, source);
    ASSERT_TRUE(pack_vector(19, 16, 3, nullptr, "test", &memory, &packed).ok());
    ASSERT_EQ(packed.size(), 48u);
    EXPECT_EQ(zeros(packed.data(), 48), 48);
}

// weight(o, c, kx, ky, g): outputs of a group lie together and are filled up with zeros.
TEST(Packing, GroupedRoundTrip) {
    const GroupedPacking shape = {5, 3, 2, 3, 1, 8}; // outputs, groups, depth, height, width, nr
    const std::vector<float> source = counting(5 * 3 * 2 * 3);
    std::vector<float> packed(static_cast<size_t>(shape.size()), -1.0f);
    EXPECT_EQ(packed.size(), 8u * 2 * 3 * 3);
    pack_grouped(shape, source.data(), packed.data());
    for (size_t g = 0; g < 3; ++g)
        for (size_t ky = 0; ky < 3; ++ky)
            for (size_t c = 0; c < 2; ++c)
                for (size_t o = 0; o < 8; ++o)
                    EXPECT_EQ(packed[((g * 3 + ky) * 2 + c) * 8 + o],
                              o < 5 ? source[((g * 5 + o) * 2 + c) * 3 + ky] : 0.0f);
    std::vector<float> back(source.size());
    unpack_grouped(shape, packed.data(), back.data());
    EXPECT_EQ(back, source);
    std::vector<float> bias(24, -1.0f);
    pack_grouped_vector(shape, source.data(), bias.data());
    for (size_t i = 0; i < 24; ++i)
        EXPECT_EQ(bias[i], i % 8 < 5 ? source[i / 8 * 5 + i % 8] : 0.0f);
}

// weight(o, c, kx, ky, g, p), bias(o, g, p): pixels are innermost in the source, outermost when
// packed; more of them than are done at once.
TEST(Packing, WeightsOfEveryPixelRoundTrip) {
    GroupedPacking shape = {3, 2, 2, 1, 1, 8}; // outputs, groups, depth, height, width, nr
    shape.pixels = 19;
    const std::vector<float> source = counting(3 * 2 * 2 * 19);
    std::vector<float> packed(static_cast<size_t>(shape.size()), -1.0f);
    EXPECT_EQ(packed.size(), 8u * 2 * 2 * 19);
    pack_grouped(shape, source.data(), packed.data());
    for (size_t p = 0; p < 19; ++p)
        for (size_t g = 0; g < 2; ++g)
            for (size_t c = 0; c < 2; ++c)
                for (size_t o = 0; o < 8; ++o)
                    EXPECT_EQ(packed[((p * 2 + g) * 2 + c) * 8 + o],
                              o < 3 ? source[((g * 3 + o) * 2 + c) * 19 + p] : 0.0f);
    std::vector<float> back(source.size());
    unpack_grouped(shape, packed.data(), back.data());
    EXPECT_EQ(back, source);
    std::vector<float> bias(8 * 2 * 19, -1.0f);
    pack_grouped_vector(shape, source.data(), bias.data());
    for (size_t i = 0; i < bias.size(); ++i)
        EXPECT_EQ(bias[i], i % 8 < 3 ? source[(i / 8 % 2 * 3 + i % 8) * 19 + i / 16] : 0.0f);
}

TEST(Packing, RefusesWhatIndicesCannotReach) {
    WeightMemory memory;
    WeightSpan packed;
    const Status status =
        pack_matrix({int64_t{1} << 20, int64_t{1} << 20, 16}, nullptr, "huge", &memory, &packed);
    EXPECT_EQ(status.code(), INVOLUTE_UNSUPPORTED);
    EXPECT_EQ(packed.size(), 0u);
}

LayerSpec involution_layer() {
    LayerSpec layer;
    layer.op = Op::kInvolution;
    layer.name = "block.conv2";
    layer.kernel = 3;
    layer.in_channels = layer.out_channels = 32;
    layer.hidden = 20;
    return layer;
}

LayerWeights involution_weights() {
    LayerWeights weights;
    weights.reduce_weight = counting(20 * 32);
    weights.weight = counting(9 * 2 * 20);
    return weights;
}

// The hidden layer of 20 units fills two blocks of 16; the second layer has 32 rows to meet them.
TEST(Packing, SinkPacksALayerForItsKernel) {
    PackingSink sink(kernel_table(), INVOLUTE_ISA_AVX512);
    ASSERT_TRUE(sink.add(involution_layer(), involution_weights()).ok());
    const auto [layers, memory] = sink.take();
    ASSERT_EQ(layers.size(), 1u);
    const PackedLayer &layer = layers[0];
    EXPECT_STREQ(layer.kernel->row, "involution_k3_s1");
    EXPECT_EQ(layer.reduce_weight.size(), 2u * 32 * 16);
    EXPECT_EQ(layer.reduce_bias.size(), 32u);
    EXPECT_EQ(layer.weight.size(), 2u * 20 * 16);
    EXPECT_EQ(layer.bias.size(), 32u);
    ASSERT_EQ(layer.scale.size(), 32u);
    for (size_t c = 0; c < 32; ++c) {
        EXPECT_EQ(layer.scale.data()[c], 1.0f);
        EXPECT_EQ(layer.shift.data()[c], 0.0f);
    }
    std::vector<float> back(9 * 2 * 20);
    unpack_matrix({18, 20, 16}, layer.weight.data(), back.data());
    EXPECT_EQ(back, involution_weights().weight);
}

TEST(Packing, SinkRefusesWrongCountsAndRanges) {
    PackingSink sink(kernel_table(), INVOLUTE_ISA_BASELINE);
    LayerWeights wrong = involution_weights();
    wrong.weight.pop_back();
    const Status count = sink.add(involution_layer(), std::move(wrong));
    EXPECT_EQ(count.code(), INVOLUTE_INTERNAL);
    EXPECT_EQ(count.message(), "layer 'block.conv2': expected 360 weight values, got 359");
    LayerSpec steep = involution_layer();
    steep.stride = 0;
    EXPECT_EQ(sink.add(steep, involution_weights()).code(), INVOLUTE_INVALID_ARGUMENT);
    LayerSpec large = involution_layer();
    large.kernel = 2001;
    EXPECT_EQ(sink.add(large, involution_weights()).code(), INVOLUTE_INVALID_ARGUMENT);
    EXPECT_TRUE(sink.take().first.empty());
}

} // namespace
} // namespace involute
