/* kernel_generation of kernel K, GC channels a group, single layer, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS MAP(input, c, h, w)
#define OUTPUT KERNELS(kernels, c / GC, K *K, out_h, out_w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "conv2.conv.weight", 4, {K * K * (c / GC), c, 1, 1})                            \
    WEIGHT(bias, "conv2.conv.bias", 1, {K * K * (c / GC)})
