// Mean over all pixels of each channel.
#pragma once

#include "Halide.h"

namespace involute::generators {

struct GlobalPool {
    Halide::Var ci{"ci"}, g{"g"}, b{"b"};
    Halide::RDom pixels; // p
    Halide::Func sum{"sum"};
    Halide::Func out{"out"}; // (ci, g, b)
};

// in(ci, g, p, b); reciprocal = 1/pixels rounded once.
GlobalPool global_pool(const Halide::Func &in, const Halide::Expr &pixels,
                       const Halide::Expr &reciprocal);

} // namespace involute::generators
