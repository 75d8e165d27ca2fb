#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Func zero_extended(const Func &in, const Expr &width, const Expr &height) {
    return BoundaryConditions::constant_exterior(
        in, 0.f, {{Expr(), Expr()}, {Expr(), Expr()}, {0, width}, {0, height}, {Expr(), Expr()}});
}

} // namespace involute::generators
