/* Classifies one picture: classify WEIGHTS.safetensors PICTURE. The weights' metadata tells the
 * architecture. */
#include <involute/involute.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(involute_status status) {
    if (status.code != INVOLUTE_OK) {
        fprintf(stderr, "%s\n", status.message);
        exit(1);
    }
}

int main(int argc, char **argv) {
    enum { kClasses = 10 };
    /* The recipe that rednet-digits was trained with. */
    const char *recipe = "{\"mode\":\"stretch\",\"size\":[32,32],"
                         "\"mean\":[78,78,78],\"std\":[82,82,82]}";
    if (argc != 3) {
        fprintf(stderr, "usage: classify WEIGHTS.safetensors PICTURE\n");
        return 2;
    }
    involute_weights *weights;
    check(involute_weights_open(argv[1], &weights));
    involute_model_options model_options;
    memset(&model_options, 0, sizeof model_options);
    model_options.struct_size = sizeof model_options;
    model_options.weights = weights;
    involute_model *model;
    check(involute_model_create(&model_options, &model));
    involute_weights_destroy(weights);

    involute_tensor picture;
    memset(&picture, 0, sizeof picture);
    check(involute_image_load(argv[2], recipe, 0, 0, &picture)); /* the shape */
    picture.data = malloc(sizeof(float) * picture.shape[1] * picture.shape[2] * picture.shape[3]);
    check(involute_image_load(argv[2], recipe, 0, 0, &picture)); /* the values */

    involute_session_options session_options;
    memset(&session_options, 0, sizeof session_options);
    session_options.struct_size = sizeof session_options;
    session_options.batch = 1;
    session_options.height = picture.shape[2];
    session_options.width = picture.shape[3];
    involute_session *session;
    check(involute_session_create(model, &session_options, &session));

    float logits[kClasses];
    const int64_t shape[2] = {1, kClasses};
    const involute_named_tensor input = {"input", picture};
    const involute_named_tensor output = {"logits", involute_tensor_f32(logits, 2, shape)};
    check(involute_session_run(session, &input, 1, &output, 1));
    int best = 0;
    for (int i = 1; i < kClasses; i++)
        best = logits[i] > logits[best] ? i : best;
    printf("%d\n", best);

    involute_session_destroy(session);
    involute_model_destroy(model);
    free(picture.data);
    return 0;
}
