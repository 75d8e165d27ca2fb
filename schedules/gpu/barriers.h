// Barriers around what a warp copies to memory on the chip. Halide leaves them out inside of the
// loop over its lanes, as if they ran in lockstep; since Volta they need not.
#pragma once

#include "Halide.h"

namespace involute::schedules::gpu {

class LaneBarriers : public Halide::Internal::IRMutator {
public:
    // Whose copies by all lanes are made in turns of a loop.
    explicit LaneBarriers(const Halide::Func &copied) : copied_(copied.name()) {}

private:
    using IRMutator::visit;
    Halide::Internal::Stmt visit(const Halide::Internal::ProducerConsumer *op) override;

    const std::string copied_;
};

} // namespace involute::schedules::gpu
