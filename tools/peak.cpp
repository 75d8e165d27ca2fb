// The loops are assembly: a compiler would fold them, or widen the baseline's. Registers hold
// zeros, so there is neither overflow nor a denormal.
#include "peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace involute {

namespace {

struct Loop {
    void (*run)(long turns) = nullptr;
    double flops = 0; // of one turn
};

#if defined(__x86_64__)

// Twelve independent chains hide a latency of up to six cycles with two units. The baseline, which
// has two-operand multiplies and adds, gets seven chains of each.
#define INVOLUTE_SIX(F) F(0) F(1) F(2) F(3) F(4) F(5)
#define INVOLUTE_TWELVE(F) INVOLUTE_SIX(F) F(6) F(7) F(8) F(9) F(10) F(11)
#define INVOLUTE_SIXTEEN(F) INVOLUTE_TWELVE(F) F(12) F(13) F(14) F(15)
#define INVOLUTE_FMA512(k) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" #k "\n"
#define INVOLUTE_FMA256(k) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #k "\n"
#define INVOLUTE_BF16_512(k) "vdpbf16ps %%zmm14, %%zmm15, %%zmm" #k "\n"
#define INVOLUTE_I8_512(k) "vpdpbusd %%zmm14, %%zmm15, %%zmm" #k "\n"
#define INVOLUTE_I8_256(k) "%{vex%} vpdpbusd %%ymm14, %%ymm15, %%ymm" #k "\n"
#define INVOLUTE_ZERO_AVX(k) "vxorps %%xmm" #k ", %%xmm" #k ", %%xmm" #k "\n"
#define INVOLUTE_ZERO_SSE(k) "xorps %%xmm" #k ", %%xmm" #k "\n"
#define INVOLUTE_PAIR(m, a) "mulps %%xmm14, %%xmm" #m "\naddps %%xmm15, %%xmm" #a "\n"
#define INVOLUTE_CLOBBERS                                                                          \
    "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",        \
        "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define INVOLUTE_LOOP(name, instruction)                                                           \
    [[gnu::noinline]] void name(long turns) {                                                      \
        asm volatile(INVOLUTE_SIXTEEN(INVOLUTE_ZERO_AVX) "1:\n" INVOLUTE_TWELVE(                   \
                         instruction) "dec %0\n jnz 1b\n vzeroupper\n"                            \
                     : "+r"(turns)                                                                 \
                     :                                                                             \
                     : INVOLUTE_CLOBBERS);                                                         \
    }
INVOLUTE_LOOP(fma_512, INVOLUTE_FMA512)
INVOLUTE_LOOP(fma_256, INVOLUTE_FMA256)
INVOLUTE_LOOP(bf16_512, INVOLUTE_BF16_512)
INVOLUTE_LOOP(i8_512, INVOLUTE_I8_512)
INVOLUTE_LOOP(i8_256, INVOLUTE_I8_256)

[[gnu::noinline]] void multiply_add_128(long turns) {
    asm volatile(INVOLUTE_SIXTEEN(INVOLUTE_ZERO_SSE) "1:\n" INVOLUTE_PAIR(0, 7) INVOLUTE_PAIR(1, 8)
                     INVOLUTE_PAIR(2, 9) INVOLUTE_PAIR(3, 10) INVOLUTE_PAIR(4, 11)
                         INVOLUTE_PAIR(5, 12) INVOLUTE_PAIR(6, 13) "dec %0\n jnz 1b\n"
                 : "+r"(turns)
                 :
                 : INVOLUTE_CLOBBERS);
}

Loop loop_for(involute_isa isa, involute_dtype dtype) {
    __builtin_cpu_init();
    if (dtype == INVOLUTE_BF16) {
        const bool has = isa == INVOLUTE_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
        return has ? Loop{bf16_512, 12 * 2 * 32} : Loop{};
    }
    if (dtype == INVOLUTE_I8) {
        if (isa == INVOLUTE_ISA_AVX512 && __builtin_cpu_supports("avx512vnni"))
            return {i8_512, 12 * 2 * 64};
        const bool has = isa == INVOLUTE_ISA_AVX2 && __builtin_cpu_supports("avxvnni");
        return has ? Loop{i8_256, 12 * 2 * 32} : Loop{};
    }
    switch (isa) {
    case INVOLUTE_ISA_BASELINE:
        return {multiply_add_128, 7 * 2 * 4};
    case INVOLUTE_ISA_AVX2:
        return {fma_256, 12 * 2 * 8};
    case INVOLUTE_ISA_AVX512:
        return {fma_512, 12 * 2 * 16};
    default:
        return {};
    }
}

#elif defined(__aarch64__)

// Twenty chains hide a latency of five cycles with four units.
#define INVOLUTE_FMA(k) "fmla v" #k ".4s, v30.4s, v31.4s\n"
#define INVOLUTE_SDOT(k) "sdot v" #k ".4s, v30.16b, v31.16b\n"
#define INVOLUTE_ZERO(k) "movi v" #k ".4s, #0\n"
#define INVOLUTE_TWENTY(F)                                                                         \
    F(0)                                                                                           \
    F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) F(17)   \
        F(18) F(19)

#define INVOLUTE_LOOP(name, instruction)                                                           \
    [[gnu::noinline]] void name(long turns) {                                                      \
        asm volatile(INVOLUTE_TWENTY(INVOLUTE_ZERO) INVOLUTE_ZERO(30)                              \
                         INVOLUTE_ZERO(31) "1:\n" INVOLUTE_TWENTY(                                 \
                             instruction) "subs %0, %0, #1\n b.ne 1b\n"                           \
                     : "+r"(turns)                                                                 \
                     :                                                                             \
                     : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", \
                       "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",       \
                       "v30", "v31");                                                              \
    }
INVOLUTE_LOOP(fma_neon, INVOLUTE_FMA)
[[gnu::target("arch=armv8.2-a+dotprod")]] INVOLUTE_LOOP(i8_neon, INVOLUTE_SDOT)

bool has_sdot() {
#ifdef __linux__
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return false;
#endif
}

Loop loop_for(involute_isa isa, involute_dtype dtype) {
    if (isa != INVOLUTE_ISA_NEON)
        return {};
    return dtype == INVOLUTE_F32                 ? Loop{fma_neon, 20 * 2 * 4}
           : dtype == INVOLUTE_I8 && has_sdot() ? Loop{i8_neon, 20 * 2 * 16}
                                                 : Loop{};
}

#else

Loop loop_for(involute_isa, involute_dtype) {
    return {};
}

#endif

constexpr long kTurns = 80000; // about 0.2 ms at two multiply-adds a cycle

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

} // namespace

PeakSamples sample_peak(involute_isa isa, involute_dtype dtype, int cores, int samples) {
    const Loop loop = loop_for(isa, dtype);
    if (!loop.run)
        return {};
    PeakSamples gflops(static_cast<size_t>(cores),
                       std::vector<double>(static_cast<size_t>(samples)));
    // All start together, and go on (unsampled) until the last is done, so that every sample is
    // taken with all cores busy.
    std::atomic<int> ready{0}, busy{cores};
    const auto work = [&](std::vector<double> *mine) {
        ready.fetch_add(1);
        while (ready.load() < cores)
            loop.run(1000);
        for (double &value : *mine) {
            const double start = now();
            loop.run(kTurns);
            value = loop.flops * kTurns / (now() - start) * 1e-9;
        }
        busy.fetch_sub(1);
        while (busy.load() > 0)
            loop.run(1000);
    };
    std::vector<std::thread> others;
    for (int i = 1; i < cores; ++i)
        others.emplace_back(work, &gflops[static_cast<size_t>(i)]);
    work(&gflops[0]);
    for (std::thread &thread : others)
        thread.join();
    return gflops;
}

double peak_gflops(const PeakSamples &before, const PeakSamples &after) {
    double sum = 0;
    for (size_t core = 0; core < before.size(); ++core) {
        std::vector<double> both = before[core];
        if (core < after.size())
            both.insert(both.end(), after[core].begin(), after[core].end());
        sum += median(both);
    }
    return sum;
}

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    const size_t middle = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle),
                     values.end());
    const double upper = values[middle];
    if (values.size() % 2 == 1)
        return upper;
    return (upper + *std::max_element(values.begin(),
                                      values.begin() + static_cast<std::ptrdiff_t>(middle))) /
           2;
}

double geometric_mean(const std::vector<double> &values) {
    double sum = 0;
    for (double value : values)
        sum += std::log(value);
    return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                          : std::exp(sum / static_cast<double>(values.size()));
}

} // namespace involute
