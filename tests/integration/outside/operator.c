/* A C program without pictures: runs one involution and prints a sum over the bits of its output.
 * With OWN_HALIDE it holds functions of the names that Halide's runtime has; the library must not
 * find them. */
#include <involute/involute.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OWN_HALIDE
void *halide_malloc(void *user_context, size_t bytes) {
    (void)user_context, (void)bytes;
    abort();
}
void halide_free(void *user_context, void *block) {
    (void)user_context, (void)block;
    abort();
}
int halide_do_par_for(void *user_context, void *task, int min, int size, void *closure) {
    (void)user_context, (void)task, (void)min, (void)size, (void)closure;
    abort();
}
void halide_error(void *user_context, const char *message) {
    (void)user_context, (void)message;
    abort();
}
#endif

static void check(involute_status status) {
    if (status.code != INVOLUTE_OK) {
        fprintf(stderr, "%s\n", status.message);
        exit(1);
    }
}

static void refuse(void *user, involute_log_level level, const char *text) {
    (void)user;
    fprintf(stderr, "unexpected message of level %d: %s\n", (int)level, text);
    exit(1);
}

int main(void) {
    enum { kChannels = 32, kSize = 14, kValues = kChannels * kSize * kSize };
    static float input[kValues], output[kValues];
    const int64_t shape[4] = {1, kChannels, kSize, kSize};

    /* More than any machine has: an exception inside, a status here. */
    involute_weights *weights;
    const int64_t too_many = (int64_t)1 << 59;
    const involute_named_tensor huge = {"w", involute_tensor_f32(input, 1, &too_many)};
    if (involute_weights_create(&huge, 1, &weights).code != INVOLUTE_OUT_OF_MEMORY) {
        fprintf(stderr, "2^59 values were not too many\n");
        return 1;
    }
    check(involute_set_logger(refuse, NULL, INVOLUTE_LOG_WARNING));

    check(involute_weights_synthetic(0, &weights));
    involute_model_options model_options;
    memset(&model_options, 0, sizeof model_options);
    model_options.struct_size = sizeof model_options;
    model_options.architecture = "{\"kind\":\"involution\",\"channels\":32,\"kernel\":7}";
    model_options.weights = weights;
    model_options.isa = INVOLUTE_ISA_BASELINE; /* the same bits on every machine */
    involute_model *model;
    check(involute_model_create(&model_options, &model));
    involute_weights_destroy(weights);

    involute_session_options session_options;
    memset(&session_options, 0, sizeof session_options);
    session_options.struct_size = sizeof session_options;
    session_options.batch = 1;
    session_options.height = session_options.width = kSize;
    session_options.threads = 2;
    involute_session *session;
    check(involute_session_create(model, &session_options, &session));

    involute_named_tensor in = {"input", involute_tensor_f32(input, 4, shape)};
    const involute_named_tensor out = {"output", involute_tensor_f32(output, 4, shape)};
    check(involute_tensor_fill(&in.tensor, "input", 0, 0.0, 1.0));
    check(involute_session_run(session, &in, 1, &out, 1));
    unsigned long long sum = 0;
    for (int i = 0; i < kValues; i++) {
        unsigned bits;
        memcpy(&bits, &output[i], sizeof bits);
        sum = sum * 31 + bits;
    }
    printf("%016llx\n", sum);
    involute_session_destroy(session);
    involute_model_destroy(model);
    check(involute_set_logger(NULL, NULL, INVOLUTE_LOG_ERROR));
    return 0;
}
