#include "generators/involution.h"

#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Involution involution(const KernelGenerationInputs &generation, AggregationInputs aggregation) {
    Involution op;
    op.generation = kernel_generation(generation);
    aggregation.in = as_image(generation.in, generation.group_channels, generation.width);
    aggregation.width = generation.width, aggregation.height = generation.height;
    aggregation.stride = generation.stride;
    const Expr width = generation.out_width;
    const int kernel = aggregation.kernel;
    const Func &kernels = op.generation.out;
    aggregation.weight = [=](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
        const Expr tap = (g * kernel + ky) * kernel + kx;
        return kernels(tap, y * width + x, b);
    };
    op.aggregation = generators::aggregation(aggregation);
    return op;
}

} // namespace involute::generators
