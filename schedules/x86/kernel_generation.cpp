#include "schedules/x86/product.h"
#include "schedules/x86/rows.h"
#include "schedules/x86/stages.h"

namespace involute::schedules::x86 {

using namespace Halide;
using generators::KernelGeneration;

void compute_hidden(KernelGeneration &op, const Func &consumer, const Machine &machine) {
    const LoopLevel tile(consumer, kTile), task(consumer, kTask);
    if (op.pools) {
        op.pool.out.compute_at(tile).hoist_storage(task).vectorize(op.pool.ci, machine.lanes);
        op.pool.out.unroll(op.pool.ci);
        op.pool.sum.store_in(MemoryType::Register)
            .compute_at(op.pool.out, op.pool.g)
            .vectorize(op.pool.ci, machine.lanes)
            .unroll(op.pool.ci);
        op.pool.sum.update()
            .reorder(op.pool.ci, op.pool.window.x, op.pool.window.y)
            .vectorize(op.pool.ci, machine.lanes)
            .unroll(op.pool.ci);
    }
    if (op.bottleneck) {
        // Pixels of a tile lie NR apart, so that their offsets are constants.
        op.hidden.compute_at(tile)
            .hoist_storage(task)
            .reorder_storage(op.n, op.x, op.no, op.y, op.b)
            .reorder(op.n, op.x, op.no, op.y, op.b)
            .vectorize(op.n, machine.lanes)
            .unroll(op.n)
            .unroll(op.x);
        op.hidden_sum.compute_at(op.hidden, op.no);
        accumulate_in_registers(op.hidden_sum, op.n, op.x, {op.channels.x, op.channels.y}, machine);
    }
}

void schedule(KernelGeneration &op, const KernelGenerationKnobs &knobs, const Machine &machine,
              const Expr &rows_per_task) {
    rows(op.out, op.n, op.no, op.x, op.y, op.b, knobs.tiles, machine, rows_per_task);
    op.sum.compute_at(op.out, op.no);
    std::vector<RVar> order = {op.channels.x, op.channels.y};
    if (op.bottleneck) {
        order = {op.units.x, op.units.y};
    }
    accumulate_in_registers(op.sum, op.n, op.x, order, machine);
    compute_hidden(op, op.out, machine);
}

} // namespace involute::schedules::x86
