#include "generators/involution.h"

namespace involute::generators {

using namespace Halide;

Involution involution(const KernelGenerationInputs &generation, AggregationInputs aggregation) {
    Involution op;
    op.generation = kernel_generation(generation);
    const int packing = generation.packing, kernel = aggregation.kernel;
    const Func &kernels = op.generation.out;
    aggregation.weight = [=](Expr kx, Expr ky, Expr g, Expr x, Expr y, Expr b) {
        const Expr tap = (g * kernel + ky) * kernel + kx;
        return kernels(tap % packing, tap / packing, x, y, b);
    };
    op.aggregation = generators::aggregation(aggregation);
    return op;
}

} // namespace involute::generators
