// The table of kernels, made from the list that the build derives from generators/inventory.def:
// one line for each kernel that exists.
#include "core/registry.h"

#define INVOLUTE_KERNEL(row, op, form, kernel, stride, group_channels, channels, isa, nr)          \
    extern "C" int inv_##row##_f32__##isa##_hand_argv(void **arguments);
#include "kernel_table.inc"
#undef INVOLUTE_KERNEL

namespace involute {
namespace {

// What the words of the inventory mean.
namespace op_word {
[[maybe_unused]] constexpr Op conv2d = Op::kConv2d, involution = Op::kInvolution,
                              kernel_generation = Op::kKernelGeneration,
                              aggregation = Op::kAggregation, max_pool = Op::kMaxPool,
                              avg_pool = Op::kAvgPool, global_pool = Op::kGlobalPool,
                              dense = Op::kDense,
                              aggregation_grad_input = Op::kAggregationGradInput,
                              aggregation_grad_weight = Op::kAggregationGradWeight,
                              softmax = Op::kSoftmax, local = Op::kLocal, relu_grad = Op::kReluGrad,
                              avg_pool_grad = Op::kAvgPoolGrad;
} // namespace op_word
namespace form_word {
[[maybe_unused]] constexpr Form point = Form::kPoint, strided = Form::kStrided,
                                window = Form::kWindow, grouped = Form::kGrouped,
                                depthwise = Form::kDepthwise, bottleneck = Form::kBottleneck,
                                single = Form::kSingle, upsample = Form::kUpsample,
                                clamp = Form::kClamp;
} // namespace form_word
namespace isa_word {
[[maybe_unused]] constexpr involute_isa baseline = INVOLUTE_ISA_BASELINE, avx2 = INVOLUTE_ISA_AVX2,
                                        avx512 = INVOLUTE_ISA_AVX512, neon = INVOLUTE_ISA_NEON,
                                        opencl = INVOLUTE_ISA_OPENCL, cuda = INVOLUTE_ISA_CUDA;
} // namespace isa_word

#define INVOLUTE_KERNEL(row, op, form, kernel, stride, group_channels, channels, isa, nr)          \
    {#row,                                                                                         \
     op_word::op,                                                                                  \
     form_word::form,                                                                              \
     kernel,                                                                                       \
     stride,                                                                                       \
     group_channels,                                                                               \
     channels,                                                                                     \
     isa_word::isa,                                                                                \
     nr,                                                                                           \
     "hand",                                                                                       \
     "inv_" #row "_f32__" #isa "_hand",                                                            \
     inv_##row##_f32__##isa##_hand_argv},
constexpr KernelEntry kKernels[] = {
#include "kernel_table.inc"
};
#undef INVOLUTE_KERNEL

} // namespace

KernelTable kernel_table() {
    return {kKernels, sizeof kKernels / sizeof kKernels[0]};
}

} // namespace involute
