/* The weights of an involution of kernel K, GC channels a group, reduction 4, for operator.c. */
#define WEIGHTS                                                                                    \
    WEIGHT(reduce_weight, "conv1.conv.weight", 4, {c / 4, c, 1, 1})                                \
    WEIGHT(reduce_norm_weight, "conv1.bn.weight", 1, {c / 4})                                      \
    WEIGHT(reduce_norm_bias, "conv1.bn.bias", 1, {c / 4})                                          \
    WEIGHT(reduce_norm_mean, "conv1.bn.running_mean", 1, {c / 4})                                  \
    WEIGHT(reduce_norm_var, "conv1.bn.running_var", 1, {c / 4})                                    \
    WEIGHT(weight, "conv2.conv.weight", 4, {K * K * (c / GC), c / 4, 1, 1})                        \
    WEIGHT(bias, "conv2.conv.bias", 1, {K * K * (c / GC)})
