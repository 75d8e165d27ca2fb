// The numbers that a schedule leaves open. Every op has a struct of them in <op>_knobs.h: defaults
// per instruction set, ranges, and what rules a combination out before anything is compiled.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace involute::schedules {

// What of a machine the register budgets depend on.
struct Machine {
    const char *isa;  // "baseline", "avx2", "avx512", "neon"
    bool arm;         // else x86
    int lanes;        // float32 values a vector register holds
    int registers;    // vector registers
    bool fma;         // else a multiplication takes a register of its own
    int accumulators; // of a product tile: they keep the multiply-adders busy and leave some over
};

inline constexpr Machine kBaseline{"baseline", false, 4, 16, false, 8};
inline constexpr Machine kAvx2{"avx2", false, 8, 16, true, 12};
inline constexpr Machine kAvx512{"avx512", false, 16, 32, true, 14};
inline constexpr Machine kNeon{"neon", true, 4, 32, true, 20};
inline constexpr Machine kMachines[] = {kBaseline, kAvx2, kAvx512, kNeon};

inline const Machine &machine_of(const std::string &isa) {
    for (const Machine &machine : kMachines) {
        if (isa == machine.isa) {
            return machine;
        }
    }
    throw std::invalid_argument("isa " + isa + ": has no schedules");
}

// The widest vectors that `channels` fill without a rest.
inline int whole_lanes(const Machine &machine, int channels) {
    int lanes = machine.lanes;
    while (channels % lanes != 0) {
        lanes /= 2;
    }
    return lanes;
}

// Which of a knob's values are worth trying: each; powers of two; those that divide the loop they
// unroll; 0 and equal shares of the size that they cut.
enum class Tried { kEach, kPowers, kDivisors, kShares };

// One number: where it is kept, what it may be, what it means (one line, for docs/knobs.md). A knob
// that keeps the order of every sum changes no bit of a result.
struct Knob {
    const char *name;
    int *value;
    int low, high;
    const char *meaning;
    Tried tried = Tried::kEach;
    bool keeps_order = true;
};

// Largest values of knobs that cut the work into tasks, where 0 is what the caller says.
inline constexpr int kMostRows = 4096, kMostPixels = 1 << 20, kMostBlocks = 1024;

// Registers that a product tile of pixels x vectors takes: accumulators, one row of weights, the
// broadcast input, and the product where there is no fused multiply-add.
inline int tile_registers(const Machine &machine, int pixels, int vectors) {
    return pixels * vectors + (vectors > 1 ? vectors : 1) + (machine.fma ? 1 : 2);
}

// The pixels of a product tile that keep the multiply-adders busy: AVX-512 14 x 1 or 7 x 2 vectors,
// AVX2 12 x 1 or 6 x 2, SSE2 4 x 2 or 2 x 4, NEON 10 x 2 or 5 x 4.
inline int product_pixels(const Machine &machine, int packing) {
    return machine.accumulators * machine.lanes / packing;
}

// What is wrong with a tile of `pixels` x `vectors` accumulators, or "".
inline std::string tile_violation(const std::string &knob, int pixels, const Machine &machine,
                                  int vectors) {
    return pixels > 1 && tile_registers(machine, pixels, vectors) > machine.registers
               ? knob + "=" + std::to_string(pixels) + " needs more than " +
                     std::to_string(machine.registers) + " vector registers"
               : "";
}

// How the work is cut where the caller does not say: what every op that works on rows has.
inline Knob task_rows_knob(int *value) {
    return {"task_rows",   value, 0, kMostRows, "rows of a task; 0: as the runtime cuts them",
            Tried::kShares};
}
inline Knob task_pixels_knob(int *value) {
    return {"task_pixels", value, 0, kMostPixels, "pixels of a task; 0: as the runtime cuts them",
            Tried::kShares};
}

// Sets knobs from "name=value,name=value". Returns what is wrong, or "".
std::string set_knobs(const std::string &text, const std::vector<Knob> &knobs);

} // namespace involute::schedules
