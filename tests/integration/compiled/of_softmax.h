/* softmax over the taps of kernels K, GC channels a group, for operator.c. */
#define INPUT_COUNT 1
#define INPUTS KERNELS(kernels, c / GC, K *K, out_h, out_w)
#define OUTPUT KERNELS(output, c / GC, K *K, out_h, out_w)
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
