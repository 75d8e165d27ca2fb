/* dense layer to OC channels, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS VECTOR(input, c)
#define OUTPUT VECTOR(output, OC)
#define OUT_SIDE(side) side
#define WEIGHTS                                                                                    \
    WEIGHT(weight, "weight", 2, {OC, c})                                                           \
    WEIGHT(bias, "bias", 1, {OC})
