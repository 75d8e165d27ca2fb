#include "generators/kernel_generation.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

KernelGeneration kernel_generation(const KernelGenerationInputs &i) {
    KernelGeneration op;
    const Var &n = op.n, &no = op.no, &x = op.x, &y = op.y, &b = op.b;
    op.pools = i.stride.defined();
    op.bottleneck = i.reduce_weight.defined();
    if (op.pools) {
        op.pool = avg_pool(i.in, i.width, i.height, i.stride, i.reciprocal);
    }
    const Func &source = op.pools ? op.pool.out : i.in;

    op.channels = RDom(0, i.group_channels, 0, i.groups, "channels");
    const RDom &c = op.channels;
    const Expr channel = c.y * i.group_channels + c.x;
    if (!op.bottleneck) {
        op.sum(n, no, x, y, b) = i.bias(n, no);
        op.sum(n, no, x, y, b) += i.weight(n, channel, no) * source(c.x, c.y, x, y, b);
    } else {
        op.hidden_sum(n, no, x, y, b) = i.reduce_bias(n, no);
        op.hidden_sum(n, no, x, y, b) +=
            i.reduce_weight(n, channel, no) * source(c.x, c.y, x, y, b);
        op.hidden(n, no, x, y, b) = at_least(op.hidden_sum(n, no, x, y, b), 0.f);

        op.units = RDom(0, i.packing, 0, i.hidden_blocks, "units");
        const RDom &u = op.units;
        op.sum(n, no, x, y, b) = i.bias(n, no);
        op.sum(n, no, x, y, b) +=
            i.weight(n, u.y * i.packing + u.x, no) * op.hidden(u.x, u.y, x, y, b);
    }
    op.out(n, no, x, y, b) = op.sum(n, no, x, y, b);
    return op;
}

} // namespace involute::generators
