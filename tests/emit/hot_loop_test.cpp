// What the emit program says of the code of a kernel.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
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

TEST(HotLoop, OfArmIsFound) {
    const std::string assembly =
        R"(	.globl	kernel                          // -- Begin function kernel
kernel:
	mov	x1, #4
.LBB0_1:                                // =>This Inner Loop Header: Depth=1
	ldr	q1, [x0], #16                   // the input
	fmla	v0.4s, v1.4s, v2.s[1]
	subs	x1, x1, #1
	b.ne	.LBB0_1
	str	q0, [x2]
	ret
)";
    EXPECT_EQ(hot_loop(assembly, 100), ".LBB0_1:\n"
                                       "\tldr\tq1, [x0], #16\n"
                                       "\tfmla\tv0.4s, v1.4s, v2.s[1]\n"
                                       "\tsubs\tx1, x1, #1\n"
                                       "\tb.ne\t.LBB0_1\n");
}

// What decides how fast a NEON kernel is shows without an ARM machine: nothing is spilled inside of
// the hot loop, and few instructions stand between its multiply-adds. A tile of 6 pixels x 4
// vectors, which registers would hold but LLVM spills, must be found out.
struct ArmLoop {
    const char *row, *knobs;
    int multiply_adds;
    double most_instructions; // for each of them
    bool spills;
};

class ArmLoops : public ::testing::TestWithParam<ArmLoop> {};

TEST_P(ArmLoops, SpillNothing) {
    const ArmLoop &loop = GetParam();
    const std::string folder = ::testing::TempDir() + "involute_arm_" + loop.row;
    std::filesystem::create_directories(folder);
    const std::string command = std::string(INVOLUTE_EMIT) +
                                " --isa neon --outputs assembly --row " + loop.row + " --out " +
                                folder + (*loop.knobs ? std::string(" --knobs ") + loop.knobs : "");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream file(folder + "/inv_" + loop.row + "_f32__neon_hand.s");
    const std::string assembly((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
    std::filesystem::remove_all(folder);
    std::istringstream lines(hot_loop(assembly, 10000));
    int instructions = -1, products = 0, stores = 0; // the first line is a label
    for (std::string line; std::getline(lines, line); ++instructions) {
        products += line.compare(0, 5, "\tfmla") == 0;
        stores += line.compare(0, 3, "\tst") == 0;
    }
    EXPECT_EQ(products, loop.multiply_adds);
    EXPECT_EQ(stores > 0, loop.spills) << stores << " stores";
    EXPECT_EQ(instructions > loop.most_instructions * products, loop.spills)
        << instructions << " instructions";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ArmLoops,
    ::testing::Values(ArmLoop{"conv2d_point", "", 160, 1.33, false},
                      ArmLoop{"conv2d_window", "", 120, 1.34, false},
                      ArmLoop{"kernel_generation_s1", "", 160, 1.33, false},
                      ArmLoop{"aggregation_k7_s1", "", 112, 1.58, false},
                      ArmLoop{"aggregation_grad_input_k7_s1", "", 140, 1.5, false},
                      ArmLoop{"conv2d_point", "tile=6,unroll_k=4", 96, 1.41, true}),
    [](const auto &info) {
        return std::string(info.param.row) + (info.param.spills ? "_spilling" : "");
    });

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
