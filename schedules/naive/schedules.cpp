#include "schedules/naive/schedules.h"

namespace involute::schedules::naive {

void schedule(generators::Conv2d &op) {
    if (op.pads) {
        op.padded.compute_root();
    }
    op.sum.compute_root();
}

void schedule(generators::Conv2dGrouped &op) {
    op.padded.compute_root();
    op.sum.compute_root();
}

void schedule(generators::Local &op) {
    op.padded.compute_root();
    op.sum.compute_root();
}

void schedule(generators::Dense &op) {
    op.sum.compute_root();
}

void schedule(generators::KernelGeneration &op) {
    if (op.pools) {
        op.pool.sum.compute_root();
        op.pool.out.compute_root();
    }
    if (op.bottleneck) {
        op.hidden_sum.compute_root();
        op.hidden.compute_root();
    }
    op.sum.compute_root();
}

void schedule(generators::Aggregation &op) {
    if (op.pads) {
        op.padded.compute_root();
    }
    if (op.has_places) {
        op.column.compute_root();
        op.row.compute_root();
    }
    op.sum.compute_root();
}

void schedule(generators::AggregationGradInput &op) {
    if (op.constant_kernel != 0) {
        op.padded_grad.compute_root();
        op.padded_kernels.compute_root();
    } else {
        op.filled_grad.compute_root();
        op.columns.compute_root();
        op.rows.compute_root();
    }
    op.sum.compute_root();
}

void schedule(generators::AggregationGradWeight &op) {
    op.padded.compute_root();
    if (op.constant_kernel == 0) {
        op.padded_grad.compute_root();
        op.reach.compute_root();
    }
    op.partial.compute_root();
    op.pairs.compute_root();
    op.quads.compute_root();
    op.whole.compute_root();
    op.taps.compute_root();
}

void schedule(generators::Involution &op) {
    schedule(op.generation);
    op.generation.out.compute_root();
    schedule(op.aggregation);
}

void schedule(generators::MaxPool &op) {
    op.largest.compute_root();
}

void schedule(generators::AvgPool &op) {
    op.sum.compute_root();
}

// One stage each.
void schedule(generators::AvgPoolGrad &) {}

void schedule(generators::ReluGrad &) {}

void schedule(generators::Softmax &op) {
    for (Halide::Func stage :
         {op.values, op.largest_of, op.largest, op.powers, op.partial, op.inverse}) {
        stage.compute_root();
    }
}

void schedule(generators::GlobalPool &op) {
    op.sum.compute_root();
}

} // namespace involute::schedules::naive
