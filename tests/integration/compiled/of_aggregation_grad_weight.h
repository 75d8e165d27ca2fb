/* gradient of the kernels K of an aggregation, GC channels a group, for operator.c. */
#define INPUT_COUNT 2
#define INPUTS MAP(input, c, h, w) MAP(grad_output, c, out_h, out_w)
#define OUTPUT KERNELS(grad_kernels, c / GC, K *K, out_h, out_w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
