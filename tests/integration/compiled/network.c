/* A network of a library that `involute compile` wrote, beside the command and the label of
 * pictures.
 *   network write IN            an input by the portable rule, for `involute run --tensor`
 *   network compare IN OUT      the same logits, bit for bit, as the command wrote to OUT
 *   network classify WEIGHTS PICTURE...   the likeliest class of each, one a line */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <involute/involute.h>

#include "digits.h"

enum { BATCH = 2, SIDE = 32, CLASSES = 10, PIXELS = SIDE * SIDE };

static void require(involute_status status) {
    if (status.code != INVOLUTE_OK) {
        fprintf(stderr, "libinvolute: %s\n", status.message);
        exit(1);
    }
}

static void check(int code) {
    if (code != 0) {
        fprintf(stderr, "digits: %d %s\n", code, digits_message());
        exit(1);
    }
}

static float values[BATCH * 3 * PIXELS], picture[BATCH * PIXELS * 3], logits[BATCH * CLASSES];

static void channels_last(int batch) {
    for (int b = 0; b < batch; b++)
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < PIXELS; p++)
                picture[(b * PIXELS + p) * 3 + c] = values[(b * 3 + c) * PIXELS + p];
}

static int write_input(const char *path) {
    const int64_t shape[4] = {BATCH, 3, SIDE, SIDE};
    involute_named_tensor input = {"input", involute_tensor_f32(values, 4, shape)};
    require(involute_tensor_fill(&input.tensor, "input", 11, 0, 1));
    require(involute_tensors_save(path, &input, 1, NULL, 0));
    return 0;
}

static int compare(const char *in, const char *out) {
    involute_weights *input = NULL, *output = NULL;
    require(involute_weights_open(in, &input));
    require(involute_weights_open(out, &output));
    memcpy(values, involute_weights_find(input, "input")->tensor.data, sizeof values);
    const float *expected = involute_weights_find(output, "logits")->tensor.data;
    channels_last(BATCH);
    int wrong = 0;
    for (int threads = 1; threads <= 2; threads++) {
        digits_options options = {0};
        options.batch = BATCH, options.threads = threads;
        digits_state *state = NULL;
        check(digits_create(&options, &state));
        check(digits_run(state, picture, logits));
        wrong += memcmp(logits, expected, sizeof logits) != 0;
        printf("digits: %s, %d threads, %s\n", digits_target(state), threads,
               wrong ? "other logits" : "the command's logits");
        digits_destroy(state);
    }
    involute_weights_destroy(input);
    involute_weights_destroy(output);
    return wrong != 0;
}

/* The object "preprocessing" of the architecture in the metadata. */
static char *recipe(const char *weights_path) {
    involute_weights *weights = NULL;
    require(involute_weights_open(weights_path, &weights));
    const char *text = involute_weights_metadata(weights, "architecture");
    const char *start = strchr(strstr(text, "\"preprocessing\""), '{');
    const size_t length = (size_t)(strchr(start, '}') - start) + 1;
    char *copy = calloc(1, length + 1);
    memcpy(copy, start, length);
    involute_weights_destroy(weights);
    return copy;
}

static int classify(const char *weights, int count, char **pictures) {
    char *preprocessing = recipe(weights);
    digits_options options = {0};
    options.weights = weights; /* instead of those inside */
    digits_state *state = NULL;
    check(digits_create(&options, &state));
    for (int i = 0; i < count; i++) {
        const int64_t shape[4] = {1, 3, SIDE, SIDE};
        involute_tensor tensor = involute_tensor_f32(values, 4, shape);
        require(involute_image_load(pictures[i], preprocessing, 0, 0, &tensor));
        channels_last(1);
        check(digits_run(state, picture, logits));
        int best = 0;
        for (int c = 1; c < CLASSES; c++)
            best = logits[c] > logits[best] ? c : best;
        printf("%d\n", best);
    }
    digits_destroy(state);
    free(preprocessing);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_input(argv[2]);
    if (argc == 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3]);
    if (argc > 3 && strcmp(argv[1], "classify") == 0)
        return classify(argv[2], argc - 3, argv + 3);
    fprintf(stderr, "usage: network write|compare|classify FILES\n");
    return 2;
}
