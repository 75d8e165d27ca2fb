// Which instruction sets this CPU has, what caps them, and which one is the best choice. Pure
// functions of a described situation, beside the one that describes this machine.
#pragma once

#include <string>

#include "core/status.h"

namespace involute {

// Rising, where one CPU has several.
inline constexpr involute_isa kAllIsas[] = {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                            INVOLUTE_ISA_AVX512, INVOLUTE_ISA_NEON};

// nullptr for a value that is none.
const char *isa_name(involute_isa isa);
// False when `name` names no instruction set ("auto" is one).
bool isa_from_name(const char *name, involute_isa *isa);

// The CPU features that an instruction set needs, as bits, so that the choice can be tested on
// CPUs that are not at hand.
struct CpuFeatures {
    enum : unsigned {
        kAvx = 1u << 0,
        kAvx2 = 1u << 1,
        kFma = 1u << 2,
        kF16c = 1u << 3,
        kAvx512f = 1u << 4,
        kAvx512cd = 1u << 5,
        kAvx512bw = 1u << 6,
        kAvx512dq = 1u << 7,
        kAvx512vl = 1u << 8,
        kAsimd = 1u << 9,    // NEON
        kAsimdhp = 1u << 10, // half precision
        kAsimddp = 1u << 11, // products of bytes
        kSve = 1u << 12,
        kI8mm = 1u << 13,
        kBf16 = 1u << 14,
    };
    unsigned bits = 0;
};

CpuFeatures cpu_features();

// What isa_check and isa_best decide from. `built` has bit 1 << isa for every instruction set with
// kernels in the library.
struct IsaSituation {
    CpuFeatures cpu;
    unsigned built = 0;
    involute_isa environment_cap = INVOLUTE_ISA_AUTO; // AUTO: none
    involute_isa process_cap = INVOLUTE_ISA_AUTO;
    std::string environment_text; // INVOLUTE_MAX_ISA as found, "" when unset
};

IsaSituation isa_situation();

Status isa_check(const IsaSituation &situation, involute_isa isa);
// `reason` (may be nullptr): one line about features found, what is built, and the cap in force.
involute_isa isa_best(const IsaSituation &situation, std::string *reason);

Status isa_cap(involute_isa isa);

} // namespace involute
