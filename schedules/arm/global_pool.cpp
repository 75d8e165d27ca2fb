// A step of 16 channels is four vectors.
#include "schedules/arm/schedules.h"

namespace involute::schedules::arm {

void schedule(generators::GlobalPool &op, const Machine &machine) {
    cpu::schedule(op, machine);
}

} // namespace involute::schedules::arm
