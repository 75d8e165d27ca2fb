/* conv2d of kernel K to OC channels, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS MAP(input, c, h, w)
#define OUTPUT MAP(output, OC, out_h, out_w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "weight", 4, {OC, c, K, K})                                                     \
    WEIGHT(bias, "bias", 1, {OC})
