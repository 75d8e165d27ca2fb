// The gradient of the aggregation's kernels: for every tap of a pixel the dot product, over the
// channels of a group, of the input under the tap with the pixel's gradient. Channels lie side by
// side, so the sum is one over lanes: eight partial sums over every eighth channel, in order, and
// a balanced tree over these, eight taps at a time so that lanes stay full.
#pragma once

#include "Halide.h"

namespace involute::generators {

constexpr int kPartialSums = 8, kTapsAtOnce = 8;

template <typename T>
T tap_blocks(const T &kernel) {
    return (kernel * kernel + (kTapsAtOnce - 1)) / kTapsAtOnce;
}

struct AggregationGradWeight {
    Halide::Var ci{"ci"}, t{"t"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    // Tap = 8*k + 4*q2 + 2*q1 + q0; partial sum = 4*half + 2*j + i.
    Halide::Var s{"s"}, i{"i"}, half{"half"}, q0{"q0"}, q1{"q1"}, q2{"q2"}, k{"k"};
    int constant_kernel = 0; // else 0; with it stride and dilation are 1, groups have 16 channels

    // Zero-based with the border inside: (ci, g, x, y, b). With any window (ci, g, p, b), where
    // p = y*width + x and channels are filled up to whole blocks of eight.
    Halide::Var p{"p"};
    Halide::Func padded{"padded"};
    Halide::Func padded_grad{"padded_grad"}; // any window: (ci, g, x, y, b), filled up likewise
    Halide::Func reach{"reach"};             // any window: (t), from a pixel's first tap, in pixels
    Halide::RDom blocks;                     // of eight channels
    Halide::Func partial{"partial"};         // (s, q1, q2, q0, k, g, x, y, b)
    Halide::Func pairs{"pairs"};             // (q0, i, half, q2, q1, k, g, x, y, b)
    Halide::Func quads{"quads"};             // (q0, q1, half, q2, k, g, x, y, b)
    Halide::Func whole{"whole"};             // (q0, q1, q2, k, g, x, y, b)
    Halide::RDom places;                     // q0, q1, q2, k
    Halide::Func taps{"taps"};               // (t, g, x, y, b), filled up to whole blocks
    Halide::Func out{"out"};                 // (t, g, x, y, b)
};

struct AggregationGradWeightInputs {
    Halide::Func in, grad;      // (ci, g, x, y, b)
    Halide::Expr width, height; // of in
    int constant_kernel = 0;    // 0: what follows holds
    Halide::Expr kernel, stride, dilation, group_channels;
    Halide::Expr out_width; // of grad
};

AggregationGradWeight aggregation_grad_weight(const AggregationGradWeightInputs &in);

} // namespace involute::generators
