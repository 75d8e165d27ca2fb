// The choice of an instruction set: CPU features, what the library holds, the caps of environment
// and process. Ours rather than the compiler's, so that it can be capped, explained and tested.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "core/isa.h"
#include "core/registry.h"

namespace involute {
namespace {

struct NamedFeature {
    unsigned bit;
    const char *name;
};

constexpr NamedFeature kFeatures[] = {
    {CpuFeatures::kAvx, "avx"},           {CpuFeatures::kAvx2, "avx2"},
    {CpuFeatures::kFma, "fma"},           {CpuFeatures::kF16c, "f16c"},
    {CpuFeatures::kAvx512f, "avx512f"},   {CpuFeatures::kAvx512cd, "avx512cd"},
    {CpuFeatures::kAvx512bw, "avx512bw"}, {CpuFeatures::kAvx512dq, "avx512dq"},
    {CpuFeatures::kAvx512vl, "avx512vl"},
};

constexpr unsigned kAvx2Set =
    CpuFeatures::kAvx | CpuFeatures::kAvx2 | CpuFeatures::kFma | CpuFeatures::kF16c;
constexpr unsigned kAvx512Set = kAvx2Set | CpuFeatures::kAvx512f | CpuFeatures::kAvx512cd |
                                CpuFeatures::kAvx512bw | CpuFeatures::kAvx512dq |
                                CpuFeatures::kAvx512vl;

constexpr involute_isa kX86Rising[] = {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                       INVOLUTE_ISA_AVX512};

std::atomic<int> process_cap{INVOLUTE_ISA_AUTO};

unsigned needed_features(involute_isa isa) {
    return isa == INVOLUTE_ISA_AVX2 ? kAvx2Set : isa == INVOLUTE_ISA_AVX512 ? kAvx512Set : 0;
}

std::string feature_list(unsigned bits) {
    std::string list;
    for (const NamedFeature &feature : kFeatures) {
        if (bits & feature.bit)
            list += (list.empty() ? "" : " ") + std::string(feature.name);
    }
    return list;
}

// The lower of the two caps and where it comes from; AUTO: none.
involute_isa cap_in_force(const IsaSituation &situation, const char **source) {
    const involute_isa environment = situation.environment_cap, process = situation.process_cap;
    if (environment != INVOLUTE_ISA_AUTO &&
        (process == INVOLUTE_ISA_AUTO || environment <= process)) {
        *source = "INVOLUTE_MAX_ISA";
        return environment;
    }
    *source = "involute_isa_cap";
    return process;
}

} // namespace

const char *isa_name(involute_isa isa) {
    switch (isa) {
    case INVOLUTE_ISA_AUTO:
        return "auto";
    case INVOLUTE_ISA_BASELINE:
        return "baseline";
    case INVOLUTE_ISA_AVX2:
        return "avx2";
    case INVOLUTE_ISA_AVX512:
        return "avx512";
    case INVOLUTE_ISA_NEON:
        return "neon";
    }
    return nullptr;
}

bool isa_from_name(const char *name, involute_isa *isa) {
    for (involute_isa candidate : {INVOLUTE_ISA_AUTO, INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                   INVOLUTE_ISA_AVX512, INVOLUTE_ISA_NEON}) {
        if (std::strcmp(name, isa_name(candidate)) == 0) {
            *isa = candidate;
            return true;
        }
    }
    return false;
}

CpuFeatures cpu_features() {
    CpuFeatures found;
#if defined(__x86_64__)
    // The compiler's run time also asks whether the system saves the wide registers.
    __builtin_cpu_init();
    const auto add = [&found](int present, unsigned bit) { found.bits |= present ? bit : 0; };
    add(__builtin_cpu_supports("avx"), CpuFeatures::kAvx);
    add(__builtin_cpu_supports("avx2"), CpuFeatures::kAvx2);
    add(__builtin_cpu_supports("fma"), CpuFeatures::kFma);
    add(__builtin_cpu_supports("f16c"), CpuFeatures::kF16c);
    add(__builtin_cpu_supports("avx512f"), CpuFeatures::kAvx512f);
    add(__builtin_cpu_supports("avx512cd"), CpuFeatures::kAvx512cd);
    add(__builtin_cpu_supports("avx512bw"), CpuFeatures::kAvx512bw);
    add(__builtin_cpu_supports("avx512dq"), CpuFeatures::kAvx512dq);
    add(__builtin_cpu_supports("avx512vl"), CpuFeatures::kAvx512vl);
#endif
    return found;
}

IsaSituation isa_situation() {
    // Read once: a host that changes its environment later changes nothing here.
    static const IsaSituation fixed = [] {
        IsaSituation situation;
        situation.cpu = cpu_features();
        for (const KernelEntry &kernel : kernel_table())
            situation.built |= 1u << kernel.isa;
        if (const char *text = std::getenv("INVOLUTE_MAX_ISA")) {
            situation.environment_text = text;
            if (!isa_from_name(text, &situation.environment_cap))
                situation.environment_cap = INVOLUTE_ISA_AUTO;
        }
        return situation;
    }();
    IsaSituation situation = fixed;
    situation.process_cap = static_cast<involute_isa>(process_cap.load(std::memory_order_relaxed));
    return situation;
}

Status isa_check(const IsaSituation &situation, involute_isa isa) {
    const char *name = isa_name(isa);
    if (!name) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "isa: expected auto, baseline, avx2, avx512 or neon, got value %d",
                             static_cast<int>(isa));
    }
    if (isa == INVOLUTE_ISA_AUTO)
        isa = isa_best(situation, nullptr);
    if (!(situation.built & (1u << isa))) {
        return Status::error(INVOLUTE_UNAVAILABLE,
                             "isa %s: this library was built without kernels for it", name);
    }
    if (const unsigned missing = needed_features(isa) & ~situation.cpu.bits) {
        return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: this CPU lacks %s", name,
                             feature_list(missing).c_str());
    }
    const char *source = nullptr;
    const involute_isa cap = cap_in_force(situation, &source);
    if (cap != INVOLUTE_ISA_AUTO && isa > cap) {
        return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: capped to %s by %s", name,
                             isa_name(cap), source);
    }
    return Status();
}

involute_isa isa_best(const IsaSituation &situation, std::string *reason) {
    involute_isa best = INVOLUTE_ISA_BASELINE;
    for (involute_isa isa : kX86Rising) {
        if (isa_check(situation, isa).ok())
            best = isa;
    }
    if (reason) {
        const std::string features = feature_list(situation.cpu.bits);
        *reason = std::string(isa_name(best)) + ": CPU has " +
                  (features.empty() ? "no optional features" : features);
        *reason += "; library has";
        for (involute_isa isa : kX86Rising) {
            if (situation.built & (1u << isa))
                *reason += std::string(" ") + isa_name(isa);
        }
        const char *source = nullptr;
        const involute_isa cap = cap_in_force(situation, &source);
        if (cap == INVOLUTE_ISA_AUTO)
            *reason += "; no cap";
        else
            *reason += std::string("; capped to ") + isa_name(cap) + " by " + source;
        involute_isa ignored;
        if (!situation.environment_text.empty() &&
            !isa_from_name(situation.environment_text.c_str(), &ignored)) {
            *reason += "; INVOLUTE_MAX_ISA=" + situation.environment_text.substr(0, 32) +
                       " ignored: no such instruction set";
        }
    }
    return best;
}

Status isa_cap(involute_isa isa) {
    if (!isa_name(isa)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "isa: expected auto, baseline, avx2, avx512 or neon, got value %d",
                             static_cast<int>(isa));
    }
    if (isa == INVOLUTE_ISA_NEON) {
        return Status::error(INVOLUTE_UNAVAILABLE,
                             "isa neon: this library was built without kernels for it");
    }
    process_cap.store(isa, std::memory_order_relaxed);
    return Status();
}

} // namespace involute
