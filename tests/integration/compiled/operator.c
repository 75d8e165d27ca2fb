/* One operator of a library that `involute compile` wrote, as NAME and an of_*.h of the command
 * line say, beside the same operator of libinvolute: the results have the same bits, or with
 * TOLERANCE differ by so much at most. Prints the target and the milliseconds of both. Arguments:
 * architecture (with channels), channels, batch, height, width, threads.
 *
 * An of_*.h defines INPUT_COUNT, INPUTS and OUTPUT, of MAP(name, channels, height, width),
 * KERNELS(name, groups, taps, height, width) and VECTOR(name, channels); and WEIGHTS, of
 * WEIGHT(field, name, rank, shape), where there are some. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <involute/involute.h>

#define JOINED(a, b) a##b
#define MEMBER(a, b) JOINED(a, b)
#define LIB(member) MEMBER(NAME, member)
#define QUOTED(a) #a
#define TEXT(a) QUOTED(a)
#include TEXT(NAME.h)

static void stop(const char *what, const char *message) {
    fprintf(stderr, "%s: %s\n", what, message);
    exit(1);
}

static void require(involute_status status) {
    if (status.code != INVOLUTE_OK)
        stop("libinvolute", status.message);
}

#ifdef WEIGHTS
static const float *weight(const char *name, int rank, const int64_t *shape) {
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    float *data = malloc((size_t)count * sizeof *data);
    involute_tensor tensor = involute_tensor_f32(data, rank, shape);
    /* By the portable rule, as synthetic weights. */
    const int positive = strstr(name, "var") != NULL || strstr(name, "norm_weight") != NULL;
    require(involute_tensor_fill(&tensor, name, 7, positive ? 1 : 0, 0.5));
    return data;
}
#endif

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

#ifdef TOLERANCE
#define REPEATS 2
static int agree(float a, float b) {
    return fabsf(a - b) <= TOLERANCE;
}
#else
#define REPEATS 15
static int agree(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0;
}
#endif

/* Channels-last view; five dimensions: kernels [B,G,K*K,H,W]. */
static involute_tensor view(float *data, int rank, const int64_t *shape) {
    involute_tensor tensor = involute_tensor_f32(data, rank, shape);
    int64_t stride = 1;
    static const int orders[4][5] = {{1, 0}, {0}, {1, 3, 2, 0}, {2, 1, 4, 3, 0}};
    for (int i = 0; i < rank; i++) {
        const int dimension = orders[rank - 2][i];
        tensor.strides[dimension] = stride;
        stride *= shape[dimension];
    }
    return tensor;
}

static float *values(const char *name, int64_t count) {
    float *data = aligned_alloc(64, ((size_t)count * sizeof *data + 63) / 64 * 64);
    involute_tensor tensor = involute_tensor_f32(data, 1, &count);
    require(involute_tensor_fill(&tensor, name, 3, 0, 1));
    return data;
}

static int64_t count_of(int rank, const int64_t *shape) {
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    return count;
}

int main(int argc, char **argv) {
    if (argc != 7)
        stop("usage", "ARCHITECTURE CHANNELS BATCH HEIGHT WIDTH THREADS");
    const int64_t c = atoll(argv[2]), b = atoll(argv[3]), h = atoll(argv[4]), w = atoll(argv[5]);
    const int threads = atoi(argv[6]);
    const int64_t out_h = OUT_SIDE(h), out_w = OUT_SIDE(w);
    (void)out_h, (void)out_w;
    involute_named_tensor inputs[INPUT_COUNT];
    int input_count = 0;
#define MAP(name, channels, high, wide) TENSOR(name, 4, {b, channels, high, wide})
#define KERNELS(name, groups, taps, high, wide) TENSOR(name, 5, {b, groups, taps, high, wide})
#define VECTOR(name, channels) TENSOR(name, 2, {b, channels})
#define TENSOR(named, rank, ...)                                                                   \
    inputs[input_count].name = #named;                                                             \
    inputs[input_count++].tensor =                                                                 \
        view(values(#named, count_of(rank, (const int64_t[])__VA_ARGS__)), rank,                   \
             (const int64_t[])__VA_ARGS__);
    INPUTS
#undef TENSOR
    float *ours = NULL;
    int64_t output_count = 0;
    involute_named_tensor output;
#define TENSOR(named, rank, ...)                                                                   \
    output_count = count_of(rank, (const int64_t[])__VA_ARGS__);                                   \
    ours = values("ours", output_count);                                                           \
    output.name = #named;                                                                          \
    output.tensor = view(values("theirs", output_count), rank, (const int64_t[])__VA_ARGS__);
    OUTPUT
    const float *theirs = output.tensor.data;
    involute_named_tensor list[8];
    size_t count = 0;
#ifdef WEIGHTS
#define WEIGHT(field, named, rank, ...)                                                            \
    list[count].name = named;                                                                      \
    list[count++].tensor =                                                                         \
        involute_tensor_f32((float *)weight(#field, rank, (const int64_t[])__VA_ARGS__), rank,     \
                            (const int64_t[])__VA_ARGS__);
    WEIGHTS
#undef WEIGHT
#endif

    LIB(_options) options = {0};
    options.channels = c, options.batch = b, options.height = h, options.width = w;
    options.threads = threads;
    LIB(_state) *state = NULL;
#ifdef WEIGHTS
    LIB(_weights) weights = {0};
    size_t next = 0;
#define WEIGHT(field, named, rank, ...) weights.field = (const float *)list[next++].tensor.data;
    WEIGHTS
    if (LIB(_create)(&options, &weights, &state) != 0)
        stop("create", LIB(_message)());
#else
    if (LIB(_create)(&options, &state) != 0)
        stop("create", LIB(_message)());
#endif
#if INPUT_COUNT == 1
#define GIVEN inputs[0].tensor.data
#else
#define GIVEN inputs[0].tensor.data, inputs[1].tensor.data
#endif

    involute_weights *stored = NULL;
    if (count > 0)
        require(involute_weights_create(list, count, &stored));
    involute_model_options model_options = {sizeof model_options, argv[1],      stored, NULL,
                                            INVOLUTE_ISA_AUTO,    INVOLUTE_F32, NULL};
    involute_model *model = NULL;
    require(involute_model_create(&model_options, &model));
    involute_session_options session_options = {sizeof session_options, b, h, w, threads, 0, 0, 0,
                                                0};
    involute_session *session = NULL;
    require(involute_session_create(model, &session_options, &session));

    double best_ours = 1e9, best_theirs = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        const double start = now();
        if (LIB(_run)(state, GIVEN, ours) != 0)
            stop("run", LIB(_message)());
        const double middle = now();
        require(involute_session_run(session, inputs, (size_t)input_count, &output, 1));
        const double end = now();
        best_ours = middle - start < best_ours ? middle - start : best_ours;
        best_theirs = end - middle < best_theirs ? end - middle : best_theirs;
    }
    for (int64_t i = 0; i < output_count; i++) {
        if (!agree(ours[i], theirs[i])) {
            fprintf(stderr, "value %lld: compiled %.9g, libinvolute %.9g\n", (long long)i, ours[i],
                    theirs[i]);
            return 1;
        }
    }
    printf("%s: %s, %lld values, %.3f ms, libinvolute %.3f ms\n", TEXT(NAME), LIB(_target)(state),
           (long long)output_count, best_ours, best_theirs);
    LIB(_destroy)(state);
    involute_session_destroy(session);
    involute_model_destroy(model);
    involute_weights_destroy(stored);
    return 0;
}
