/* conv2d of kernel K to OC channels, for operator.c. */
#define OUT_CHANNELS OC
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "weight", 4, {OC, c, K, K})                                                     \
    WEIGHT(bias, "bias", 1, {OC})
