// What `involute compile` can make libraries for, and with which tools.
#pragma once

#include <string>
#include <vector>

#include "involute/involute.h"

namespace involute {

struct CompileTarget {
    std::string name; // "x86-64-linux-avx2"
    involute_isa isa;
};

// Those of --target, rising; without it all of this program's processor, no devices. They become
// variants in one library, so targets of two processors are refused, and so are those that this
// program cannot compile for.
std::vector<CompileTarget> parse_targets(const std::vector<std::string> &values);

// Whether they are of another processor than this program's.
bool is_cross(const std::vector<CompileTarget> &targets);

// Compiler, objcopy and ar are called with this prefix, "" for this processor.
std::string tool_prefix(const std::vector<CompileTarget> &targets);

// Where beside the emit program the parts of a library for them lie, "" for this processor.
std::string parts_subfolder(const std::vector<CompileTarget> &targets);

// The command that builds those parts.
std::string build_parts_command(const std::vector<CompileTarget> &targets);

// The instruction set whose rows say on this processor which ones `isa` takes: of another
// processor's NEON those of the baseline, which are chosen and packed alike (every row of
// generators/inventory.def says so, and a test).
involute_isa stand_in(involute_isa isa);

} // namespace involute
