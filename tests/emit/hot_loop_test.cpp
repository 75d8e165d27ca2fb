// What the emit program says of the code of a kernel.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "generators/emit/code.h"

namespace involute::emit {
namespace {

// An outer loop, two loops inside of it, and a loop of copies after it.
constexpr const char *kAssembly = R"(	.text
	.globl	kernel                          # -- Begin function
kernel:                                 # @kernel
# %bb.0:
	pushq	%rbp
.LBB0_1:                                # =>This Loop Header: Depth=1
	vxorps	%xmm0, %xmm0, %xmm0
.LBB0_2:                                # Parent Loop BB0_1 Depth=1
	vfmadd231ps	(%rax), %ymm1, %ymm0
	addq	$32, %rax
	jne	.LBB0_2
.LBB0_3:
	vfmadd231ps	(%rax), %ymm1, %ymm0 # the hot one
	vfmadd231ps	32(%rax), %ymm1, %ymm2
	addq	$64, %rax
	.p2align	4, 0x90
	jne	.LBB0_3
	decq	%rdx
	jne	.LBB0_1
.LBB0_4:
	vmovups	(%rsi), %ymm0
	vmovups	%ymm0, (%rdi)
	jne	.LBB0_4
	retq
)";

TEST(HotLoop, IsTheInnermostWithTheMostProducts) {
    EXPECT_EQ(hot_loop(kAssembly, 100), ".LBB0_3:\n"
                                        "\tvfmadd231ps\t(%rax), %ymm1, %ymm0\n"
                                        "\tvfmadd231ps\t32(%rax), %ymm1, %ymm2\n"
                                        "\taddq\t$64, %rax\n"
                                        "\tjne\t.LBB0_3\n");
}

TEST(HotLoop, LongOnesAreCut) {
    EXPECT_EQ(hot_loop(kAssembly, 2), ".LBB0_3:\n"
                                      "\tvfmadd231ps\t(%rax), %ymm1, %ymm0\n"
                                      "... 3 lines more\n");
}

TEST(HotLoop, WithoutFusedProductsMultipliesCount) {
    EXPECT_EQ(hot_loop(".L1:\n\taddps\t%xmm0, %xmm1\n\tjne\t.L1\n"
                       ".L2:\n\tmulps\t%xmm0, %xmm1\n\tjmp\t.L2\n",
                       100),
              ".L2:\n\tmulps\t%xmm0, %xmm1\n\tjmp\t.L2\n");
}

TEST(HotLoop, ThereMayBeNone) {
    EXPECT_EQ(hot_loop("", 100), "");
    EXPECT_EQ(hot_loop("f:\n\tvmulps\t%ymm0, %ymm1, %ymm2\n\tjmp\tg\n\tret\n", 100), "");
}

TEST(CodeBytes, AreThoseOfObjectFilesOnly) {
    EXPECT_EQ(code_bytes("no such file"), 0);
    const std::string path = ::testing::TempDir() + "code_bytes_test";
    std::ofstream(path) << "\x7f"
                           "ELF and then nothing";
    EXPECT_EQ(code_bytes(path), 0);
    EXPECT_GT(code_bytes("/proc/self/exe"), 10000);
}

} // namespace
} // namespace involute::emit
