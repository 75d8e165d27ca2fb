#include "generators/involution.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Involution involution(const KernelGenerationInputs &generation, AggregationInputs aggregation,
                      const Expr &group_channels) {
    Involution op;
    op.generation = kernel_generation(generation);
    aggregation.in = as_image(generation.in, group_channels, generation.width);
    aggregation.width = generation.width, aggregation.height = generation.height;
    aggregation.stride = generation.stride;
    const Expr width = generation.out_width;
    const Expr kernel_width = aggregation.kernel_width, kernel_height = aggregation.kernel_height;
    const Func &kernels = op.generation.out;
    aggregation.weight = [=](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
        const Expr tap = (g * kernel_height + ky) * kernel_width + kx;
        return kernels(tap, y * width + x, b);
    };
    op.aggregation = generators::aggregation(aggregation);
    return op;
}

} // namespace involute::generators
