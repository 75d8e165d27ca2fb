#include "generators/relu_grad.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

ReluGrad relu_grad(const Func &in, const Func &grad) {
    ReluGrad op;
    auto &[ci, g, x, y, b, out] = op;
    out(ci, g, x, y, b) = strict_select(in(ci, g, x, y, b) <= 0.f, 0.f, grad(ci, g, x, y, b));
    return op;
}

} // namespace involute::generators
