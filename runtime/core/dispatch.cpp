// The choice of an instruction set: CPU features, what the library holds, the caps of environment
// and process. Ours rather than the compiler's, so that it can be capped, explained and tested.
#include <atomic>
#include <cstdlib>
#include <cstring>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "core/device.h"
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
    {CpuFeatures::kAvx512vl, "avx512vl"}, {CpuFeatures::kAsimd, "asimd"},
    {CpuFeatures::kAsimdhp, "asimdhp"},   {CpuFeatures::kAsimddp, "asimddp"},
    {CpuFeatures::kSve, "sve"},           {CpuFeatures::kI8mm, "i8mm"},
    {CpuFeatures::kBf16, "bf16"},
};

constexpr unsigned kAvx2Set =
    CpuFeatures::kAvx | CpuFeatures::kAvx2 | CpuFeatures::kFma | CpuFeatures::kF16c;
constexpr unsigned kAvx512Set = kAvx2Set | CpuFeatures::kAvx512f | CpuFeatures::kAvx512cd |
                                CpuFeatures::kAvx512bw | CpuFeatures::kAvx512dq |
                                CpuFeatures::kAvx512vl;

constexpr unsigned kX86 =
    1u << INVOLUTE_ISA_BASELINE | 1u << INVOLUTE_ISA_AVX2 | 1u << INVOLUTE_ISA_AVX512;
constexpr unsigned kArm = 1u << INVOLUTE_ISA_NEON;

std::atomic<int> process_cap{INVOLUTE_ISA_AUTO};

unsigned needed_features(involute_isa isa) {
    return isa == INVOLUTE_ISA_AVX2     ? kAvx2Set
           : isa == INVOLUTE_ISA_AVX512 ? kAvx512Set
           : isa == INVOLUTE_ISA_NEON   ? unsigned{CpuFeatures::kAsimd}
                                        : 0u;
}

// Whether the library is for the kind of processor that has `isa`.
bool is_of_library(const IsaSituation &situation, involute_isa isa) {
    const unsigned kind = (1u << isa & kArm) != 0 ? kArm : kX86;
    return (situation.built & kind) != 0;
}

std::string feature_list(unsigned bits) {
    std::string list;
    for (const NamedFeature &feature : kFeatures) {
        if (bits & feature.bit)
            list += (list.empty() ? "" : " ") + std::string(feature.name);
    }
    return list;
}

// The lower of the two caps and where it comes from; AUTO: none. The name of another processor's
// instruction set caps nothing.
involute_isa cap_in_force(const IsaSituation &situation, const char **source) {
    const involute_isa process = situation.process_cap;
    const involute_isa environment = is_of_library(situation, situation.environment_cap)
                                         ? situation.environment_cap
                                         : INVOLUTE_ISA_AUTO;
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
    case INVOLUTE_ISA_OPENCL:
        return "opencl";
    case INVOLUTE_ISA_CUDA:
        return "cuda";
    }
    return nullptr;
}

bool isa_from_name(const char *name, involute_isa *isa) {
    for (involute_isa candidate :
         {INVOLUTE_ISA_AUTO, INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512,
          INVOLUTE_ISA_NEON, INVOLUTE_ISA_OPENCL, INVOLUTE_ISA_CUDA}) {
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
#elif defined(__aarch64__) && defined(__linux__)
    const unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
    const auto add = [&found](unsigned long present, unsigned bit) {
        found.bits |= present != 0 ? bit : 0;
    };
    add(first & HWCAP_ASIMD, CpuFeatures::kAsimd);
    add(first & HWCAP_ASIMDHP, CpuFeatures::kAsimdhp);
    add(first & HWCAP_ASIMDDP, CpuFeatures::kAsimddp);
    add(first & HWCAP_SVE, CpuFeatures::kSve);
    add(second & HWCAP2_I8MM, CpuFeatures::kI8mm);
    add(second & HWCAP2_BF16, CpuFeatures::kBf16);
#elif defined(__aarch64__)
    found.bits |= CpuFeatures::kAsimd; // a part of the architecture
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
            if (!isa_from_name(text, &situation.environment_cap) ||
                is_device(situation.environment_cap))
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
                             "isa: expected auto, baseline, avx2, avx512, neon, opencl or cuda, "
                             "got value %d",
                             static_cast<int>(isa));
    }
    if (isa == INVOLUTE_ISA_AUTO)
        isa = isa_best(situation, nullptr);
    if (!(situation.built & (1u << isa))) {
        return Status::error(INVOLUTE_UNAVAILABLE,
                             "isa %s: this library was built without kernels for it", name);
    }
    if (is_device(isa))
        return device_check(isa);
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
    involute_isa best =
        is_of_library(situation, INVOLUTE_ISA_NEON) ? INVOLUTE_ISA_NEON : INVOLUTE_ISA_BASELINE;
    for (involute_isa isa : kAllIsas) {
        if (isa_check(situation, isa).ok())
            best = isa;
    }
    if (reason) {
        const std::string features = feature_list(situation.cpu.bits);
        *reason = std::string(isa_name(best)) + ": CPU has " +
                  (features.empty() ? "no optional features" : features);
        *reason += "; library has";
        for (involute_isa isa : kAllIsas) {
            if (situation.built & (1u << isa))
                *reason += std::string(" ") + isa_name(isa);
        }
        const char *source = nullptr;
        const involute_isa cap = cap_in_force(situation, &source);
        if (cap == INVOLUTE_ISA_AUTO)
            *reason += "; no cap";
        else
            *reason += std::string("; capped to ") + isa_name(cap) + " by " + source;
        involute_isa named;
        if (!situation.environment_text.empty()) {
            const bool known =
                isa_from_name(situation.environment_text.c_str(), &named) && !is_device(named);
            if (!known || !is_of_library(situation, named)) {
                *reason +=
                    "; INVOLUTE_MAX_ISA=" + situation.environment_text.substr(0, 32) +
                    " ignored: " + (known ? "of another processor" : "no such instruction set");
            }
        }
    }
    return best;
}

Status isa_cap(involute_isa isa) {
    if (!isa_name(isa) || is_device(isa)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "isa: expected auto, baseline, avx2, avx512 or neon, got value %d",
                             static_cast<int>(isa));
    }
    if (isa != INVOLUTE_ISA_AUTO && !is_of_library(isa_situation(), isa)) {
        return Status::error(INVOLUTE_UNAVAILABLE,
                             "isa %s: this library was built without kernels for it",
                             isa_name(isa));
    }
    process_cap.store(isa, std::memory_order_relaxed);
    return Status();
}

} // namespace involute
