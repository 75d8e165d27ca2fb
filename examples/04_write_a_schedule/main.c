/* Runs the kernels of both schedules on the same numbers, compares the results and prints how long
 * each took. Exit code 1 if they differ by more than rounding can explain. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hand.h"
#include "own.h"

enum { kSide = 56, kChannels = 64, kTaps = 49, kGroups = kChannels / 16 };
enum { kValues = kSide * kSide * kChannels, kKernels = kSide * kSide * kGroups * kTaps };

static float input[kValues], kernels[kKernels], by_hand[kValues], by_own[kValues];

static void numbers(float *values, int count) { /* from -1 to 1 */
    static unsigned state = 1;
    for (int i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / (1 << 23) - 1;
    }
}

static double now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(void) {
    numbers(input, kValues);
    numbers(kernels, kKernels);
    const hand_options hand_options = {
        .channels = kChannels, .batch = 1, .height = kSide, .width = kSide, .threads = 1};
    const own_options own_options = {
        .channels = kChannels, .batch = 1, .height = kSide, .width = kSide, .threads = 1};
    hand_state *hand;
    own_state *own;
    if (hand_create(&hand_options, &hand) != 0 || own_create(&own_options, &own) != 0) {
        printf("%s%s\n", hand_message(), own_message());
        return 1;
    }
    /* In turns, so that both see the same machine; the best of many is the kernel's own time. */
    double hand_ms = INFINITY, own_ms = INFINITY;
    for (int i = 0; i < 200; i++) {
        const double start = now();
        const int hand_code = hand_run(hand, input, kernels, by_hand);
        const double middle = now();
        const int own_code = own_run(own, input, kernels, by_own);
        if (hand_code != 0 || own_code != 0) {
            printf("%s%s\n", hand_message(), own_message());
            return 1;
        }
        own_ms = fmin(own_ms, now() - middle);
        hand_ms = fmin(hand_ms, middle - start);
    }
    /* Both have rounded up to 49 sums of at most 49. */
    double worst = 0;
    for (int i = 0; i < kValues; i++)
        worst = fmax(worst, fabs((double)by_hand[i] - by_own[i]));
    const int same = memcmp(by_hand, by_own, sizeof by_hand) == 0;
    printf("hand %.3f ms, own %.3f ms on %s; %s, at most %.1e apart\n", hand_ms, own_ms,
           own_target(own), same ? "the same bits" : "other bits", worst);
    hand_destroy(hand);
    own_destroy(own);
    return worst <= 2 * 49 * 49 * 0x1p-24 ? 0 : 1;
}
