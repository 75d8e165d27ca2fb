/* local of kernel K to OC channels in 2 groups, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS MAP(input, c, h, w)
#define OUTPUT MAP(output, OC, out_h, out_w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "weight", 6, {OC, c / 2, K, K, out_h, out_w})                                   \
    WEIGHT(bias, "bias", 3, {OC, out_h, out_w})
