// The bits of a kernel's result depend on nothing but its operands: not on how the work is cut, on
// the number of threads, on other callers, or on which of the instruction sets with fused
// multiply-adds is used.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "core/isa.h"
#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

constexpr int64_t kProblemsPerKernel = 4;

std::vector<Problem> problems(Op op) {
    const int64_t count = static_cast<int64_t>(available_kernels(op).size()) * kProblemsPerKernel;
    std::vector<Problem> result;
    for (int64_t turn = 0; turn < count; ++turn)
        result.push_back(random_problem(op, turn));
    return result;
}

std::vector<float> run(const Problem &problem, const Operands &operands, KernelContext *context) {
    Outcome outcome = run_kernel(problem, operands, Placement::kFlushWithEnd, context);
    EXPECT_EQ(outcome.failure, "") << problem.text();
    return std::move(outcome.values);
}

std::vector<float> run_alone(const Problem &problem, const Operands &operands) {
    KernelContext context(nullptr, 0);
    return run(problem, operands, &context);
}

bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && !a.empty() &&
           std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class KernelBits : public ::testing::TestWithParam<Op> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, KernelBits, ::testing::ValuesIn(all_ops()), name_of);

TEST_P(KernelBits, DoNotDependOnTheCut) {
    for (Problem problem : problems(GetParam())) {
        const Operands operands = random_operands(problem);
        problem.cut = problem.cut_b = problem.cut_c = problem.cut_d = 1;
        const std::vector<float> first = run_alone(problem, operands);
        for (const int64_t cut : {2, 3, 5, 1000}) {
            for (const int64_t other : {1, 2, 1000}) {
                problem.cut = cut, problem.cut_b = other, problem.cut_c = 1 + other % 2;
                problem.cut_d = other;
                EXPECT_TRUE(same_bits(first, run_alone(problem, operands))) << problem.text();
            }
        }
    }
}

TEST_P(KernelBits, DoNotDependOnTheThreads) {
    for (const int threads : {1, 2, 3, 8}) {
        ThreadPool pool;
        ASSERT_TRUE(pool.start(threads).ok());
        KernelContext context(&pool, static_cast<size_t>(threads));
        for (const Problem &problem : problems(GetParam())) {
            const Operands operands = random_operands(problem);
            EXPECT_TRUE(same_bits(run_alone(problem, operands), run(problem, operands, &context)))
                << threads << " threads, " << problem.text();
        }
    }
}

TEST_P(KernelBits, DoNotDependOnAnotherCaller) {
    std::vector<Problem> list = problems(GetParam());
    std::vector<std::vector<float>> alone;
    for (const Problem &problem : list)
        alone.push_back(run_alone(problem, random_operands(problem)));
    const auto call_all = [&] {
        ThreadPool pool;
        EXPECT_TRUE(pool.start(2).ok());
        KernelContext context(&pool, 2);
        for (size_t i = 0; i < list.size(); ++i) {
            EXPECT_TRUE(same_bits(alone[i], run(list[i], random_operands(list[i]), &context)))
                << list[i].text();
        }
    };
    std::thread other(call_all);
    call_all();
    other.join();
}

TEST_P(KernelBits, AreTheSameForAvx2AndAvx512) {
    for (const involute_isa isa : {INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512}) {
        const involute_status available = involute_isa_check(isa);
        if (available.code != INVOLUTE_OK)
            GTEST_SKIP() << available.message;
    }
    int compared = 0;
    for (Problem problem : problems(GetParam())) {
        if (problem.isa != "avx2")
            continue;
        const Operands operands = random_operands(problem);
        const std::vector<float> avx2 = run_alone(problem, operands);
        problem.isa = "avx512";
        if (!problem.entry())
            continue;
        ++compared;
        EXPECT_TRUE(same_bits(avx2, run_alone(problem, operands))) << problem.text();
        if (problem.entry()->op == Op::kConv2d && problem.out_channels % 32 == 0) {
            problem.row += "_n32";
            EXPECT_TRUE(same_bits(avx2, run_alone(problem, operands))) << problem.text();
        }
    }
    EXPECT_GT(compared, 0);
}

} // namespace involute::kernel_tests
