/* Two compiled libraries in one program that holds nothing else: a network with its weights inside
 * and an operator, on two threads. Linked with --wrap, it counts what is allocated during run. */
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "window.h"

static long allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}
void *__wrap_realloc(void *memory, size_t size) {
    allocations++;
    return __real_realloc(memory, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
    allocations++;
    return __real_posix_memalign(memory, alignment, size);
}

enum { SIDE = 32, CHANNELS = 32, TAPS = 25, GROUPS = CHANNELS / 8 };
static float picture[SIDE * SIDE * 3], logits[10];
static float input[SIDE * SIDE * CHANNELS], kernels[SIDE * SIDE * GROUPS * TAPS],
    output[SIDE * SIDE * CHANNELS];

int main(void) {
    digits_options network = {0};
    network.threads = 2;
    window_options operator= {0};
    operator.channels = CHANNELS, operator.batch = 1, operator.height = SIDE;
    operator.width = SIDE, operator.threads = 2;
    digits_state *digits = NULL;
    window_state *window = NULL;
    if (digits_create(&network, &digits) != 0) {
        printf("digits: %s\n", digits_message());
        return 4;
    }
    if (window_create(&operator, & window) != 0) {
        printf("window: %s\n", window_message());
        return 4;
    }
    for (int i = 0; i < SIDE * SIDE * GROUPS * TAPS; i++)
        kernels[i] = i % TAPS == TAPS / 2; /* the middle tap: the output is the input */
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++)
        input[i] = (float)(i % 1021) - 500;
    const long before = allocations;
    if (before == 0) {
        printf("nothing was counted while the libraries were created\n");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        if (digits_run(digits, picture, logits) != 0 ||
            window_run(window, input, kernels, output) != 0)
            return 1;
    }
    if (allocations != before) {
        printf("%ld allocations during run\n", allocations - before);
        return 1;
    }
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++) {
        if (output[i] != input[i]) {
            printf("value %d: %g\n", i, (double)output[i]);
            return 1;
        }
    }
    /* What cannot be is refused in words. */
    window_state *none = window;
    operator.channels = 12;
    const int code = window_create(&operator, & none);
    printf("%s %s; refused with %d: %s\n", digits_target(digits), window_target(window), code,
           window_message());
    if (code == 0 || none != NULL || window_run(window, NULL, kernels, output) != 1)
        return 1;
    digits_destroy(digits);
    window_destroy(window);
    window_destroy(NULL);
    return 0;
}
