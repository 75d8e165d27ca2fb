#include "generators/dense.h"

namespace involute::generators {

using namespace Halide;

Dense dense(const Func &in, const Func &weight, const Func &bias, const Expr &depth) {
    Dense op;
    auto &[ni, no, b, reduction, sum, out] = op;
    reduction = RDom(0, depth, "k");
    sum(ni, no, b) = bias(ni, no);
    sum(ni, no, b) += weight(ni, reduction.x, no) * in(reduction.x, b);
    out(ni, no, b) = sum(ni, no, b);
    return op;
}

} // namespace involute::generators
