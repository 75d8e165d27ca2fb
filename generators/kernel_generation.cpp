#include "generators/kernel_generation.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

KernelGeneration kernel_generation(const KernelGenerationInputs &i) {
    KernelGeneration op;
    const Var &n = op.n, &no = op.no, &p = op.p, &b = op.b;
    op.pools = i.stride.defined();
    op.bottleneck = i.reduce_weight.defined();
    // The clamp changes no value: tiles of pixels may reach beyond the last one.
    const Expr pixel = min(p, i.out_width * i.out_height - 1);
    if (op.pools) {
        op.pool = avg_pool(as_image(i.in, i.group_channels, i.width), i.width, i.height, i.stride,
                           i.reciprocal);
    }
    op.channels = RDom(0, i.group_channels, 0, i.groups, "channels");
    const RDom &c = op.channels;
    const Expr channel = c.y * i.group_channels + c.x;
    const Expr value = op.pools ? op.pool.out(c.x, c.y, p, b) : i.in(channel, pixel, b);
    if (!op.bottleneck) {
        op.sum(n, no, p, b) = i.bias(n, no);
        op.sum(n, no, p, b) += i.weight(n, channel, no) * value;
    } else {
        op.hidden_sum(n, no, p, b) = i.reduce_bias(n, no);
        op.hidden_sum(n, no, p, b) += i.reduce_weight(n, channel, no) * value;
        op.hidden(n, no, p, b) = at_least(op.hidden_sum(n, no, p, b), 0.f);

        op.units = RDom(0, i.packing, 0, i.hidden_blocks, "units");
        const RDom &u = op.units;
        op.sum(n, no, p, b) = i.bias(n, no);
        op.sum(n, no, p, b) += i.weight(n, u.y * i.packing + u.x, no) * op.hidden(u.x, u.y, p, b);
    }
    op.out(n, no, p, b) = op.sum(n, no, p, b);
    return op;
}

} // namespace involute::generators
