/* gradient of an involution of kernel K, GC channels a group, reduction 4, for operator.c. */
#define INPUT_COUNT 2
#define INPUTS MAP(input, c, h, w) MAP(grad_output, c, out_h, out_w)
#define OUTPUT MAP(grad_input, c, h, w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#include "involution_weights.h"
