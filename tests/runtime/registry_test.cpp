// Which kernel a layer takes, and why: the shipped table, and a made-up
// one for columns that it does not use.
#include "core/registry.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "core/isa.h"
#include "nets/table.h"

namespace involute {
namespace {

const involute_isa kIsas[] = {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512};

LayerSpec conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    LayerSpec layer;
    layer.op = Op::kConv2d;
    layer.kernel = kernel;
    layer.stride = stride;
    layer.in_channels = in;
    layer.out_channels = out;
    return layer;
}

LayerSpec grouped(Op op, int64_t channels, int64_t kernel, int64_t stride, int64_t hidden) {
    LayerSpec layer = conv(channels, channels, kernel, stride);
    layer.op = op;
    layer.hidden = hidden;
    return layer;
}

std::string row(involute_isa isa, const LayerSpec &layer) {
    const KernelEntry *kernel = nullptr;
    const Status status = choose_kernel(kernel_table(), isa, layer, &kernel, nullptr);
    return status.ok() ? kernel->row : status.message();
}

TEST(Registry, EntriesAreWellFormed) {
    std::set<std::string> symbols;
    std::set<std::tuple<int, int>> ops_by_isa;
    for (const KernelEntry &kernel : kernel_table()) {
        EXPECT_GT(kernel.packing, 0) << kernel.symbol;
        EXPECT_NE(kernel.function, nullptr) << kernel.symbol;
        EXPECT_TRUE(symbols.insert(kernel.symbol).second) << kernel.symbol;
        EXPECT_EQ(kernel.symbol, "inv_" + std::string(kernel.row) + "_f32__" +
                                     isa_name(kernel.isa) + "_" + kernel.schedule);
        ops_by_isa.insert({static_cast<int>(kernel.op), kernel.isa});
    }
    for (involute_isa isa : kIsas) {
        for (int op = 0; op < kOps; ++op)
            EXPECT_EQ(ops_by_isa.count({op, isa}), 1u)
                << op_name(static_cast<Op>(op)) << " " << isa_name(isa);
    }
}

TEST(Registry, ConvolutionRows) {
    EXPECT_EQ(row(INVOLUTE_ISA_AVX512, conv(64, 256, 1, 1)), "conv2d_point_n32");
    EXPECT_EQ(row(INVOLUTE_ISA_AVX512, conv(64, 48, 1, 1)), "conv2d_point");
    EXPECT_EQ(row(INVOLUTE_ISA_AVX2, conv(64, 256, 1, 1)), "conv2d_point");
    for (involute_isa isa : kIsas) {
        const std::string wide = isa == INVOLUTE_ISA_AVX512 ? "_n32" : "";
        EXPECT_EQ(row(isa, conv(64, 128, 1, 2)), "conv2d_strided" + wide);
        EXPECT_EQ(row(isa, conv(64, 48, 1, 3)), "conv2d_strided");
        EXPECT_EQ(row(isa, conv(3, 32, 3, 2)), "conv2d_window" + wide);
        EXPECT_EQ(row(isa, conv(3, 48, 7, 2)), "conv2d_window");
        // Pixel rows read whole vectors of input channels; the window row takes any number.
        EXPECT_EQ(row(isa, conv(20, 64, 1, 1)), "conv2d_window" + wide);
        EXPECT_EQ(row(isa, conv(20, 64, 1, 2)), "conv2d_window" + wide);
        EXPECT_EQ(row(isa, grouped(Op::kDense, 2048, 1, 1, 0)), "dense");
    }
    LayerSpec odd = grouped(Op::kDense, 513, 1, 1, 0);
    odd.out_channels = 7;
    EXPECT_EQ(row(INVOLUTE_ISA_AVX2, odd), "dense");
}

TEST(Registry, InvolutionRows) {
    for (involute_isa isa : kIsas) {
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 128, 7, 1, 32)), "involution_k7_s1");
        // Stride 2 as a constant, others at run time.
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 64, 7, 2, 16)), "involution_k7_s2");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 64, 7, 3, 16)), "involution_k7_sn");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 32, 3, 1, 8)), "involution_k3_s1");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 32, 3, 1, 0)), "involution_single_k3_s1");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 32, 7, 5, 0)), "involution_single_k7_sn");
        EXPECT_EQ(row(isa, grouped(Op::kKernelGeneration, 32, 5, 1, 8)), "kernel_generation_s1");
        EXPECT_EQ(row(isa, grouped(Op::kKernelGeneration, 32, 5, 2, 0)),
                  "kernel_generation_single_sn");
        EXPECT_EQ(row(isa, grouped(Op::kAggregation, 32, 3, 2, 0)), "aggregation_k3_sn");
        EXPECT_EQ(row(isa, grouped(Op::kMaxPool, 64, 3, 2, 0)), "max_pool");
        EXPECT_EQ(row(isa, grouped(Op::kMaxPool, 64, 3, 1, 0)), "max_pool");
        EXPECT_EQ(row(isa, grouped(Op::kGlobalPool, 64, 1, 1, 0)), "global_pool");
    }
}

// Nothing legal is refused.
TEST(Registry, GenericRowsTakeTheRest) {
    for (const involute_isa isa : kIsas) {
        EXPECT_EQ(row(isa, grouped(Op::kAggregation, 32, 5, 1, 0)), "aggregation_generic");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 32, 9, 2, 0)), "involution_single_generic");
        EXPECT_EQ(row(isa, grouped(Op::kInvolution, 32, 9, 2, 8)), "involution_generic");
        EXPECT_EQ(row(isa, conv(64, 24, 1, 1)), "conv2d_grouped");
        EXPECT_EQ(row(isa, grouped(Op::kMaxPool, 24, 3, 2, 0)), "max_pool_generic");
        EXPECT_EQ(row(isa, grouped(Op::kAvgPool, 24, 2, 2, 0)), "avg_pool_generic");
        EXPECT_EQ(row(isa, grouped(Op::kGlobalPool, 24, 1, 1, 0)), "global_pool_generic");
        LayerSpec wide = grouped(Op::kInvolution, 64, 7, 1, 16);
        wide.group_channels = 32;
        EXPECT_EQ(row(isa, wide), "involution_generic");
        LayerSpec dilated = grouped(Op::kInvolution, 64, 7, 1, 16);
        dilated.dilation = 2;
        EXPECT_EQ(row(isa, dilated), "involution_generic");
        dilated.kernel = 1; // of which dilation says nothing
        EXPECT_EQ(row(isa, dilated), "involution_generic");
        LayerSpec flat = grouped(Op::kAggregation, 32, 7, 1, 0);
        flat.kernel = KernelSize(1, 7);
        EXPECT_EQ(row(isa, flat), "aggregation_generic");
        flat.kernel = 7, flat.border = Border::kClamp;
        EXPECT_EQ(row(isa, flat), "aggregation_clamp");
        flat.border = Border::kZero, flat.upsample = 2;
        EXPECT_EQ(row(isa, flat), "aggregation_upsample");
        LayerSpec convolution = conv(64, 64, 3, 1);
        convolution.groups = 64;
        EXPECT_EQ(row(isa, convolution), "conv2d_depthwise");
        convolution.out_channels = 128;
        EXPECT_EQ(row(isa, convolution), "conv2d_grouped");
        convolution.groups = 1, convolution.dilation = 2;
        EXPECT_EQ(row(isa, convolution), "conv2d_grouped");
    }
}

// A library without a row for an instruction set uses one that every CPU with it runs.
TEST(Registry, ARowOfALowerInstructionSetServesTheHigherOnes) {
    const KernelEntry *kernel = nullptr;
    std::string why;
    const LayerSpec layer = grouped(Op::kInvolution, 32, 5, 1, 8);
    ASSERT_TRUE(choose_kernel(kernel_table(), INVOLUTE_ISA_AVX512, layer, &kernel, &why).ok());
    EXPECT_EQ(kernel->isa, INVOLUTE_ISA_AVX2);
    EXPECT_EQ(why.find("involution_generic for avx2: first row that fits kernel 5, stride 1, 32 "
                       "channels in groups of 16, bottleneck of 8; not involution_k3_s1: kernel 3 "
                       "only; "),
              0u)
        << why;
}

TEST(Registry, GradientRowsTakeEverything) {
    for (involute_isa isa : kIsas) {
        for (const Op op : {Op::kAggregationGradInput, Op::kAggregationGradWeight}) {
            const std::string name = op_name(op);
            EXPECT_EQ(row(isa, grouped(op, 64, 7, 1, 0)), name + "_k7_s1");
            EXPECT_EQ(row(isa, grouped(op, 32, 3, 1, 0)), name + "_k3_s1");
            EXPECT_EQ(row(isa, grouped(op, 64, 7, 2, 0)), name + "_generic");
            EXPECT_EQ(row(isa, grouped(op, 64, 9, 1, 0)), name + "_generic");
            LayerSpec odd = grouped(op, 21, 7, 1, 0);
            odd.group_channels = 7;
            EXPECT_EQ(row(isa, odd), name + "_generic");
            LayerSpec dilated = grouped(op, 64, 7, 1, 0);
            dilated.dilation = 2;
            EXPECT_EQ(row(isa, dilated), name + "_generic");
        }
    }
}

TEST(Registry, RefusalsNameTheReason) {
    EXPECT_EQ(row(INVOLUTE_ISA_NEON, conv(64, 64, 1, 1)),
              "conv2d: this library has no kernel for isa neon");
    const KernelEntry *kernel = nullptr;
    EXPECT_EQ(choose_kernel(kernel_table(), INVOLUTE_ISA_NEON, conv(64, 64, 1, 1), &kernel, nullptr)
                  .code(),
              INVOLUTE_UNSUPPORTED);
}

// Design rule 11: the known networks take specialised rows only.
TEST(Registry, NetworksTakeNoGenericRow) {
    for (const char *name : {"rednet26", "rednet38", "rednet50", "rednet101", "rednet152",
                             "resnet26", "resnet38", "resnet50", "resnet101", "resnet152"}) {
        Architecture architecture;
        ASSERT_TRUE(parse_architecture(name, &architecture).ok());
        const Table table =
            architecture.involution ? rednet_table(architecture) : resnet_table(architecture);
        for (const involute_isa isa : kIsas) {
            for (const Row &one : table.rows) {
                const KernelEntry *kernel = nullptr;
                ASSERT_TRUE(choose_kernel(kernel_table(), isa, one.layer, &kernel, nullptr).ok());
                EXPECT_FALSE(kernel->is_generic()) << name << " " << one.layer.name;
                EXPECT_EQ(kernel->isa, isa) << name << " " << one.layer.name;
            }
        }
    }
}

int no_kernel(void **) {
    return 0;
}

// The meaning of columns that the shipped inventory does not use: constants before general rows,
// and a general stride without a stride-1 row beside it.
TEST(Registry, FirstRowThatFitsInAMadeUpTable) {
    const involute_isa isa = INVOLUTE_ISA_BASELINE;
    const KernelEntry entries[] = {
        {"c64", Op::kAggregation, Form::kWindow, 7, 1, 16, 64, isa, 16, "hand", "a", no_kernel},
        {"s1", Op::kAggregation, Form::kWindow, 7, 1, 16, 0, isa, 16, "hand", "b", no_kernel},
        {"sn", Op::kAggregation, Form::kWindow, 7, 0, 16, 0, isa, 16, "hand", "c", no_kernel},
        {"any", Op::kAggregation, Form::kWindow, 3, 0, 16, 32, isa, 16, "hand", "d", no_kernel},
    };
    const KernelTable table{entries, 4};
    const auto name = [&](int64_t channels, int64_t kernel, int64_t stride) {
        const KernelEntry *entry = nullptr;
        const Status status = choose_kernel(
            table, isa, grouped(Op::kAggregation, channels, kernel, stride, 0), &entry, nullptr);
        return status.ok() ? std::string(entry->row) : status.message();
    };
    EXPECT_EQ(name(64, 7, 1), "c64");
    EXPECT_EQ(name(128, 7, 1), "s1");
    EXPECT_EQ(name(64, 7, 2), "sn");
    EXPECT_EQ(name(32, 3, 1), "any");
    EXPECT_EQ(name(32, 3, 2), "any");
    EXPECT_EQ(name(64, 3, 2),
              "aggregation: no row for isa baseline fits kernel 3, stride 2, 64 channels in groups "
              "of 16; "
              "c64: kernel 7 only; s1: kernel 7 only; sn: kernel 7 only; any: channels 32 only");
    const KernelTable only_general{entries + 2, 1};
    const KernelEntry *entry = nullptr;
    EXPECT_TRUE(
        choose_kernel(only_general, isa, grouped(Op::kAggregation, 64, 7, 1, 0), &entry, nullptr)
            .ok());
}

TEST(Registry, WhyTellsTheCaseAndThePassedOver) {
    const KernelEntry *kernel = nullptr;
    std::string why;
    ASSERT_TRUE(
        choose_kernel(kernel_table(), INVOLUTE_ISA_AVX512, conv(64, 48, 1, 1), &kernel, &why).ok());
    EXPECT_EQ(why, "conv2d_point: first row that fits kernel 1, stride 1, 64 -> 48 channels; not "
                   "conv2d_point_n32: multiples of 32 output channels only");
}

// `involute compile --target arm-64-linux` takes the rows and packing of the baseline.
TEST(Inventory, NeonHasTheRowsOfTheBaseline) {
    int rows = 0;
#define INVOLUTE_ROW(name, op, form, kernel, stride, group, channels, baseline, avx2, avx512,      \
                     neon, gpu)                                                                    \
    EXPECT_EQ(neon, baseline) << #name;                                                            \
    ++rows;
#include "generators/inventory.def"
#undef INVOLUTE_ROW
    EXPECT_GT(rows, 40);
}

} // namespace
} // namespace involute
