/* kernel_generation of kernel K, GC channels a group, single layer, for operator.c. */
#define OUT_CHANNELS (c / GC) * K *K
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define OUTPUT_NAME "kernels"
#define OUTPUT_VIEW view(theirs, 5, (const int64_t[]){b, c / GC, K * K, out_h, out_w})
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "conv2.conv.weight", 4, {K * K * (c / GC), c, 1, 1})                            \
    WEIGHT(bias, "conv2.conv.bias", 1, {K * K * (c / GC)})
