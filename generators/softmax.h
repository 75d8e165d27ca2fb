// Softmax over the taps of every pixel and group: the weights of local self-attention from its
// scores (aggregation_grad_weight of queries and keys gives those, aggregation takes the weights).
#pragma once

#include "Halide.h"

namespace involute::generators {

inline constexpr int kSoftmaxSums = 8; // partial sums, each of every eighth tap

struct Softmax {
    Halide::Var t{"t"}, s{"s"}, g{"g"}, x{"x"}, y{"y"}, b{"b"};
    Halide::RDom all_taps, blocks;                             // of kSoftmaxSums taps
    Halide::Func values{"values"};                             // (t, g, x, y, b), -infinity beyond
    Halide::Func largest_of{"largest_of"}, largest{"largest"}; // (s, ...) of every eighth; (g, ...)
    Halide::Func powers{"powers"};                             // (t, ...)
    Halide::Func partial{"partial"}, inverse{"inverse"};       // (s, ...); (g, ...), of the sum
    Halide::Func out{"out"};                                   // (t, g, x, y, b)
};

// in(t, g, x, y, b), t in [0, taps). A NaN makes all weights of its pixel and group NaN, and so
// does +infinity; the weight of -infinity is 0.
Softmax softmax(const Halide::Func &in, const Halide::Expr &taps);

} // namespace involute::generators
