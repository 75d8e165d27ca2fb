// Registers: one pixel x 8 vectors, 55 instructions for 32 multiply-adds; weights come from memory,
// which is the limit.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::Dense &op, const DenseKnobs &knobs, const Machine &machine) {
    cpu::schedule(op, knobs, machine);
}

} // namespace involute::schedules::arm
