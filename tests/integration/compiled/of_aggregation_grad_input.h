/* gradient of an aggregation of kernel K, GC channels a group, for operator.c. */
#define INPUT_COUNT 2
#define INPUTS MAP(grad_output, c, out_h, out_w) KERNELS(kernels, c / GC, K *K, out_h, out_w)
#define OUTPUT MAP(grad_input, c, h, w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
