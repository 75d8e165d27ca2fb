/* global_pool, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS MAP(input, c, h, w)
#define OUTPUT VECTOR(output, c)
#define OUT_SIDE(side) side
