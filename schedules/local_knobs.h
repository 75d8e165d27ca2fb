// Knobs of the locally connected layer: the tile of outputs and images in registers.
#pragma once

#include "schedules/knobs.h"

namespace involute::schedules {

struct LocalKnobs {
    int outputs = 32;
    int images = 2;
    int copy = 8; // lanes of the padding copy
    int task_rows = 0;

    static LocalKnobs defaults(const Machine &machine, int) {
        return {machine.arm ? 32 : 4 * machine.lanes, machine.lanes == 16 ? 4 : 2, machine.lanes};
    }
    std::vector<Knob> list() {
        return {{"outputs", &outputs, 16, 64, "outputs at once, where their number is a multiple"},
                {"images", &images, 1, 8, "images whose accumulators stay in registers"},
                {"copy", &copy, 4, 16, "values copied at once where the border is added",
                 Tried::kPowers},
                task_rows_knob(&task_rows)};
    }
    std::string violation(const Machine &machine, int) const {
        if (outputs % 16 != 0) {
            return "outputs=" + std::to_string(outputs) + " is no multiple of 16";
        }
        const int vectors = outputs / machine.lanes;
        return tile_registers(machine, images, vectors) > machine.registers
                   ? "outputs=" + std::to_string(outputs) +
                         " and images=" + std::to_string(images) + " need more than " +
                         std::to_string(machine.registers) + " vector registers"
                   : "";
    }
};

} // namespace involute::schedules
