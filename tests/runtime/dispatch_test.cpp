// The choice of an instruction set for CPUs that are not at hand, and the C functions for this one.
// Features, caps and messages.
#include "core/isa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace involute {
namespace {

constexpr unsigned kAvx2 =
    CpuFeatures::kAvx | CpuFeatures::kAvx2 | CpuFeatures::kFma | CpuFeatures::kF16c;
constexpr unsigned kAvx512 = kAvx2 | CpuFeatures::kAvx512f | CpuFeatures::kAvx512cd |
                             CpuFeatures::kAvx512bw | CpuFeatures::kAvx512dq |
                             CpuFeatures::kAvx512vl;
// Of this library: what every CPU runs, and what none does.
#if defined(__aarch64__)
constexpr involute_isa kLowest = INVOLUTE_ISA_NEON, kForeign = INVOLUTE_ISA_AVX2;
#else
constexpr involute_isa kLowest = INVOLUTE_ISA_BASELINE, kForeign = INVOLUTE_ISA_NEON;
#endif

constexpr unsigned kAllBuilt =
    1u << INVOLUTE_ISA_BASELINE | 1u << INVOLUTE_ISA_AVX2 | 1u << INVOLUTE_ISA_AVX512;

IsaSituation situation(unsigned features, unsigned built = kAllBuilt) {
    IsaSituation result;
    result.cpu.bits = features;
    result.built = built;
    return result;
}

bool contains(const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
}

TEST(Dispatch, BestFollowsTheFeatures) {
    EXPECT_EQ(isa_best(situation(0), nullptr), INVOLUTE_ISA_BASELINE);
    EXPECT_EQ(isa_best(situation(CpuFeatures::kAvx), nullptr), INVOLUTE_ISA_BASELINE);
    EXPECT_EQ(isa_best(situation(kAvx2), nullptr), INVOLUTE_ISA_AVX2);
    EXPECT_EQ(isa_best(situation(kAvx512), nullptr), INVOLUTE_ISA_AVX512);
    for (unsigned bit = 1; bit <= CpuFeatures::kAvx512vl; bit <<= 1) {
        const involute_isa expected = (kAvx2 & bit) ? INVOLUTE_ISA_BASELINE : INVOLUTE_ISA_AVX2;
        EXPECT_EQ(isa_best(situation(kAvx512 & ~bit), nullptr), expected) << bit;
    }
}

TEST(Dispatch, CheckNamesWhatIsMissing) {
    const Status status = isa_check(situation(kAvx2 & ~CpuFeatures::kFma), INVOLUTE_ISA_AVX2);
    EXPECT_EQ(status.code(), INVOLUTE_UNAVAILABLE);
    EXPECT_EQ(status.message(), "isa avx2: this CPU lacks fma");
    const Status unbuilt =
        isa_check(situation(kAvx512, 1u << INVOLUTE_ISA_BASELINE), INVOLUTE_ISA_AVX512);
    EXPECT_EQ(unbuilt.code(), INVOLUTE_UNAVAILABLE);
    EXPECT_TRUE(contains(unbuilt.message(), "built without")) << unbuilt.message();
    EXPECT_EQ(isa_check(situation(kAvx512), INVOLUTE_ISA_NEON).code(), INVOLUTE_UNAVAILABLE);
    EXPECT_EQ(isa_check(situation(kAvx512), static_cast<involute_isa>(17)).code(),
              INVOLUTE_INVALID_ARGUMENT);
    EXPECT_TRUE(isa_check(situation(0), INVOLUTE_ISA_AUTO).ok());
}

TEST(Dispatch, TheLowerCapHolds) {
    const involute_isa caps[] = {INVOLUTE_ISA_AUTO, INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                 INVOLUTE_ISA_AVX512};
    for (involute_isa environment : caps) {
        for (involute_isa process : caps) {
            IsaSituation both = situation(kAvx512);
            both.environment_cap = environment;
            both.process_cap = process;
            const int high = INVOLUTE_ISA_AVX512;
            const int lower = std::min(environment == INVOLUTE_ISA_AUTO ? high : environment,
                                       process == INVOLUTE_ISA_AUTO ? high : process);
            EXPECT_EQ(isa_best(both, nullptr), lower) << environment << " " << process;
        }
    }
    IsaSituation capped = situation(kAvx512);
    capped.environment_cap = INVOLUTE_ISA_AVX2;
    const Status status = isa_check(capped, INVOLUTE_ISA_AVX512);
    EXPECT_EQ(status.message(), "isa avx512: capped to avx2 by INVOLUTE_MAX_ISA");
}

TEST(Dispatch, ReasonTellsFeaturesAndCap) {
    std::string reason;
    IsaSituation capped = situation(kAvx2);
    capped.process_cap = INVOLUTE_ISA_BASELINE;
    isa_best(capped, &reason);
    EXPECT_EQ(reason, "baseline: CPU has avx avx2 fma f16c; library has baseline avx2 avx512; "
                      "capped to baseline by involute_isa_cap");
    IsaSituation misspelt = situation(0);
    misspelt.environment_text = "avx1024";
    isa_best(misspelt, &reason);
    EXPECT_TRUE(contains(reason, "no optional features; ")) << reason;
    EXPECT_TRUE(contains(reason, "no cap")) << reason;
    EXPECT_TRUE(contains(reason, "INVOLUTE_MAX_ISA=avx1024 ignored")) << reason;
}

TEST(Dispatch, ArmHasOneInstructionSet) {
    IsaSituation arm = situation(CpuFeatures::kAsimd, 1u << INVOLUTE_ISA_NEON);
    std::string reason;
    EXPECT_EQ(isa_best(arm, &reason), INVOLUTE_ISA_NEON);
    EXPECT_EQ(reason, "neon: CPU has asimd; library has neon; no cap");
    EXPECT_TRUE(isa_check(arm, INVOLUTE_ISA_AUTO).ok());
    EXPECT_TRUE(contains(isa_check(arm, INVOLUTE_ISA_BASELINE).message(), "built without"));
    EXPECT_EQ(isa_check(situation(0, arm.built), INVOLUTE_ISA_NEON).message(),
              "isa neon: this CPU lacks asimd");
}

// A setting that is shared by machines of several kinds must not shut out all kernels of one.
TEST(Dispatch, CapsOfOtherProcessorsAreIgnored) {
    IsaSituation arm = situation(CpuFeatures::kAsimd, 1u << INVOLUTE_ISA_NEON);
    arm.environment_cap = INVOLUTE_ISA_AVX2, arm.environment_text = "avx2";
    std::string reason;
    EXPECT_EQ(isa_best(arm, &reason), INVOLUTE_ISA_NEON);
    EXPECT_TRUE(isa_check(arm, INVOLUTE_ISA_NEON).ok());
    EXPECT_TRUE(contains(reason, "; no cap; INVOLUTE_MAX_ISA=avx2 ignored: of another processor"))
        << reason;
    IsaSituation x86 = situation(kAvx2);
    x86.environment_cap = INVOLUTE_ISA_NEON, x86.environment_text = "neon";
    EXPECT_EQ(isa_best(x86, &reason), INVOLUTE_ISA_AVX2);
    EXPECT_TRUE(contains(reason, "; no cap; INVOLUTE_MAX_ISA=neon ignored")) << reason;
}

TEST(Dispatch, NamesGoBothWays) {
    for (int value = INVOLUTE_ISA_AUTO; value <= INVOLUTE_ISA_NEON; ++value) {
        const involute_isa isa = static_cast<involute_isa>(value);
        involute_isa back = INVOLUTE_ISA_AUTO;
        ASSERT_NE(involute_isa_name(isa), nullptr);
        EXPECT_TRUE(isa_from_name(involute_isa_name(isa), &back));
        EXPECT_EQ(back, isa);
    }
    EXPECT_EQ(involute_isa_name(static_cast<involute_isa>(99)), nullptr);
    involute_isa ignored;
    EXPECT_FALSE(isa_from_name("AVX2", &ignored));
}

TEST(Dispatch, CapOfTheProcess) {
    const involute_isa before = involute_isa_best(nullptr, 0);
    EXPECT_EQ(involute_isa_cap(kLowest).code, INVOLUTE_OK);
    EXPECT_EQ(involute_isa_best(nullptr, 0), kLowest);
    EXPECT_EQ(involute_isa_check(kLowest).code, INVOLUTE_OK);
    EXPECT_EQ(involute_isa_check(INVOLUTE_ISA_AVX2).code, INVOLUTE_UNAVAILABLE);
    EXPECT_EQ(involute_isa_cap(kForeign).code, INVOLUTE_UNAVAILABLE);
    EXPECT_EQ(involute_isa_cap(static_cast<involute_isa>(-3)).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(involute_isa_cap(INVOLUTE_ISA_AUTO).code, INVOLUTE_OK);
    EXPECT_EQ(involute_isa_best(nullptr, 0), before);
}

TEST(Dispatch, ReasonIsCutToItsSize) {
    char reason[8];
    std::memset(reason, 'z', sizeof reason);
    involute_isa_best(reason, 5);
    EXPECT_EQ(std::strlen(reason), 4u);
    EXPECT_EQ(reason[5], 'z');
}

} // namespace
} // namespace involute
