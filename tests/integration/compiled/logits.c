/* A network by `involute compile` on an input by rule: its logits as hexadecimal numbers, one a
 * line, to be compared with those of the same library for another processor. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "net.h"

enum { SIDE = 64, CLASSES = 1000 };

int main(void) {
    static float picture[SIDE * SIDE * 3], logits[CLASSES];
    uint32_t state = 1;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        state = state * 1664525u + 1013904223u;
        picture[i] = (float)(state >> 8) / (1 << 24) * 4 - 2;
    }
    net_options options = {0};
    options.threads = 2;
    net_state *net = NULL;
    if (net_create(&options, &net) != 0 || net_run(net, picture, logits) != 0) {
        fprintf(stderr, "net: %s\n", net_message());
        return 1;
    }
    fprintf(stderr, "%s\n", net_target(net));
    for (int i = 0; i < CLASSES; i++)
        printf("%a\n", (double)logits[i]);
    net_destroy(net);
    return 0;
}
