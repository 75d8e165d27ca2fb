/* local_attention, for operator.c; with UNBIASED without biases. */
#define INPUT_COUNT 1
#define INPUTS MAP(input, c, h, w)
#define OUTPUT MAP(output, c, out_h, out_w)
#define OUT_SIDE(side) side
#ifdef UNBIASED
#define BIAS(field, name)
#else
#define BIAS(field, name) WEIGHT(field, name, 1, {c})
#endif
#define WEIGHTS                                                                                    \
    WEIGHT(query_weight, "query.weight", 4, {c, c, 1, 1})                                          \
    BIAS(query_bias, "query.bias")                                                                 \
    WEIGHT(key_weight, "key.weight", 4, {c, c, 1, 1})                                              \
    BIAS(key_bias, "key.bias")                                                                     \
    WEIGHT(value_weight, "value.weight", 4, {c, c, 1, 1})                                          \
    BIAS(value_bias, "value.bias")
