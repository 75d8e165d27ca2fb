#include "schedules/x86/product.h"
#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::Involution;

void schedule(Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const Expr &rows_per_task) {
    auto &[generation, aggregation] = op;
    rows(aggregation.out, aggregation.ci, aggregation.g, aggregation.x, aggregation.y,
         aggregation.b, knobs.tiles, machine, rows_per_task);
    compute_sum(aggregation, machine, knobs.unroll_taps == 1);
    compute_padded(aggregation, machine);

    // The kernels of a tile, for all groups; pixels lie NR apart, so that their offsets are
    // constants.
    generation.out.compute_at(aggregation.out, kTile)
        .hoist_storage(aggregation.out, kTask)
        .reorder_storage(generation.n, generation.x, generation.no, generation.y, generation.b)
        .reorder(generation.n, generation.x, generation.no, generation.y, generation.b)
        .vectorize(generation.n, machine.lanes)
        .unroll(generation.n)
        .unroll(generation.x);
    generation.sum.compute_at(generation.out, generation.no);
    std::vector<RVar> order = {generation.channels.x, generation.channels.y};
    if (generation.bottleneck) {
        order = {generation.units.x, generation.units.y};
    }
    accumulate_in_registers(generation.sum, generation.n, generation.x, order, machine);
    compute_hidden(generation, aggregation.out, machine);
}

} // namespace involute::schedules::x86
