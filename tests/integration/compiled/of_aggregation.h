/* aggregation of kernel K, GC channels a group, for operator.c. */
#define OUT_CHANNELS c
#define OUT_SIDE(side) ((side) + STRIDE - 1) / STRIDE
#define GROUPS (c / GC)
#define TAPS (K * K)
#define WEIGHTS
