#include "generators/kernel_generation.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

KernelGeneration kernel_generation(const KernelGenerationInputs &i) {
    KernelGeneration op;
    const Var &n = op.n, &p = op.p, &b = op.b;
    const Expr ni = n % i.packing, no = n / i.packing;
    op.pools = i.stride.defined();
    op.bottleneck = i.reduce_weight.defined();
    op.packing = i.packing, op.hidden_blocks = i.hidden_blocks, op.blocks = i.blocks;
    // The clamp changes no value: tiles of pixels may reach beyond the last one, and where sizes
    // are constants bounds inference fears pixels before the first.
    const Expr pixel = clamp(p, 0, i.out_width * i.out_height - 1);
    if (op.pools) {
        op.pool = avg_pool(as_image(i.in, i.group_channels, i.width), i.width, i.height, i.stride,
                           i.reciprocal);
    }
    Expr channel, value;
    if (op.pools) {
        op.channels = RDom(0, i.group_channels, 0, i.groups, "channels");
        const RDom &c = op.channels;
        channel = c.y * i.group_channels + c.x, value = op.pool.out(c.x, c.y, p, b);
    } else {
        op.channels = RDom(0, i.group_channels * i.groups, "channels");
        channel = op.channels.x, value = i.in(channel, pixel, b);
    }
    if (!op.bottleneck) {
        op.sum(n, p, b) = i.bias(ni, no);
        op.sum(n, p, b) += i.weight(ni, channel, no) * value;
    } else {
        // Few units may be less than a vector, which then begins before the first of them.
        const Expr block = max(n, 0) / i.packing;
        op.hidden_sum(n, p, b) = i.reduce_bias(ni, block);
        op.hidden_sum(n, p, b) += i.reduce_weight(ni, channel, block) * value;
        op.hidden(n, p, b) = at_least(op.hidden_sum(n, p, b), 0.f);

        op.units = RDom(0, i.units, "units");
        const RVar &u = op.units.x;
        op.sum(n, p, b) = i.bias(ni, no);
        op.sum(n, p, b) += i.weight(ni, u, no) * op.hidden(u, p, b);
    }
    op.out(n, p, b) = op.sum(n, p, b);
    return op;
}

} // namespace involute::generators
