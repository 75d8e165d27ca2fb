// Fully connected layer: out = weight * in + bias.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct Dense {
    Halide::Var ni{"ni"}, no{"no"}, b{"b"};
    Halide::RDom reduction; // k
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ni, no, b)
};

// in(k, b), weight(ni, k, no), bias(ni, no).
Dense dense(const Halide::Func &in, const Halide::Func &weight, const Halide::Func &bias,
            const Halide::Expr &depth);

} // namespace involute::generators
