#include "generators/global_pool.h"

namespace involute::generators {

using namespace Halide;

GlobalPool global_pool(const Func &in, const Expr &pixels, const Expr &reciprocal) {
    GlobalPool op;
    auto &[ci, g, b, domain, sum, out] = op;
    domain = RDom(0, pixels, "pixels");
    sum(ci, g, b) = 0.f;
    sum(ci, g, b) += in(ci, g, domain.x, b);
    out(ci, g, b) = sum(ci, g, b) * reciprocal;
    return op;
}

} // namespace involute::generators
