#include "schedules/gpu/barriers.h"

namespace involute::schedules::gpu {

using namespace Halide::Internal;

Stmt LaneBarriers::visit(const ProducerConsumer *op) {
    const Stmt mutated = IRMutator::visit(op);
    if (!op->is_producer || op->name != copied_) {
        return mutated;
    }
    constexpr int kSharedMemory = 2; // CodeGen_GPU_Dev::MemoryFenceType
    const Stmt barrier = Evaluate::make(
        Call::make(Halide::Int(32), Call::gpu_thread_barrier, {kSharedMemory}, Call::Intrinsic));
    // Before: lanes may still read the last turn's.
    return Block::make({barrier, mutated, barrier});
}

} // namespace involute::schedules::gpu
