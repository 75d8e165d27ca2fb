// The fixed parts of what `involute compile` writes; @WORDS@ are filled in.
#pragma once

namespace involute {

inline constexpr const char *kHeaderTemplate = R"c(/* @LABEL@: written by involute @VERSION@,
 * @COMMAND@
 *
 * Needs libc, libm and libpthread only. No function throws, prints or aborts; 0 is success, other
 * values are codes below, for which @NAME@_message() has a line. One state serves one caller at a
 * time; any number of states run at once. @NAME@_run allocates nothing. @BITS@
 */
#ifndef @GUARD@_H
#define @GUARD@_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Codes: 1 wrong argument, 2 a file that cannot be used, 3 legal but not covered, 4 this CPU lacks
 * a feature that every target of this library needs, or the device of one does not answer, 5 no
 * memory, 7 a defect of this library. */

typedef struct @NAME@_state @NAME@_state;

typedef struct @NAME@_options {
@OPTIONS@    int32_t threads; /* 0: as many as this process may use */
    int32_t reserved;
} @NAME@_options;
@WEIGHTS@
/* Packs the weights (which may be freed afterwards), plans and allocates all memory, starts the
 * threads. NULL for options: all 0. */
int @NAME@_create(@CREATE@,
    @NAME@_state **state);

/* Dense float32 in the order that is named, last dimension innermost. At multiples of 64 bytes they
 * are read and written where they are, else copied once.
@LAYOUT@ */
int @NAME@_run(@NAME@_state *state, @RUN@);

void @NAME@_destroy(@NAME@_state *state); /* NULL is fine */

/* The target whose kernels this state runs: @TARGETS@. */
const char *@NAME@_target(const @NAME@_state *state);

/* One line about the last call that failed on this thread, "" when none has. */
const char *@NAME@_message(void);

#ifdef __cplusplus
}
#endif
#endif
)c";

inline constexpr const char *kSourceTemplate =
    R"c(/* The C interface of @NAME@.h over the runtime. */
#include "@NAME@.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "involute.h"

@DECLARATIONS@
const involute_kernel involute_compiled_kernels[] = {
@KERNELS@};
const size_t involute_compiled_kernel_count =
    sizeof involute_compiled_kernels / sizeof involute_compiled_kernels[0];

static const struct {
    involute_isa isa;
    const char *name;
} targets[] = {
@TARGET_TABLE@};

struct @NAME@_state {
    involute_model *model;
    involute_session *session;
    int64_t channels, batch, height, width;
    const char *target;
};

static _Thread_local char message[512];

static int report(const involute_status *status) {
    if (status->code != INVOLUTE_OK)
        memcpy(message, status->message, sizeof status->message);
    return status->code;
}

static int refuse(const char *what, const char *expected, int64_t got) {
    snprintf(message, sizeof message, "%s: expected %s, got %lld", what, expected, (long long)got);
    return INVOLUTE_INVALID_ARGUMENT;
}

/* The best target that runs here; else what the least demanding one lacks. */
static int choose_target(size_t *chosen) {
    involute_status status = {0, ""};
    for (size_t i = sizeof targets / sizeof targets[0]; i-- > 0;) {
        status = involute_isa_check(targets[i].isa);
        *chosen = i;
        if (status.code == INVOLUTE_OK)
            break;
    }
    return report(&status);
}

/* `fixed` is what the kernels were built for, 0: anything. */
static int choose_size(const char *name, int64_t given, int64_t fixed, int64_t *value) {
    char expected[64];
    *value = given != 0 ? given : fixed;
    if (*value < 1)
        return refuse(name, "1 or more", given);
    snprintf(expected, sizeof expected, "%lld", (long long)fixed);
    return fixed != 0 && given != 0 && given != fixed ? refuse(name, expected, given) : INVOLUTE_OK;
}

@HELPERS@
static int build(const @NAME@_options *options,@BUILD_PARAMETERS@ @NAME@_state *state) {
    size_t target = 0;
    int code = choose_target(&target);
@SIZES@    if (code == INVOLUTE_OK && options->threads < 0)
        code = refuse("threads", "0 or more", options->threads);
    if (code != INVOLUTE_OK)
        return code;
    state->target = targets[target].name;
    const int64_t c = state->channels;
    (void)c;
@TENSORS@
    involute_model_options model = {sizeof model, architecture, weights, NULL,
                                    targets[target].isa, INVOLUTE_F32, NULL};
    involute_status status = involute_model_create(&model, &state->model);
    involute_weights_destroy(weights);
    if (status.code != INVOLUTE_OK)
        return report(&status);
    involute_session_options session = {sizeof session, state->batch, state->height, state->width,
                                        options->threads, 0, 0, 0, 0};
    status = involute_session_create(state->model, &session, &state->session);
    return report(&status);
}

int @NAME@_create(@CREATE@, @NAME@_state **state) {
    static const @NAME@_options usual;
    if (state == NULL)
        return refuse("state", "a pointer", 0);
    *state = NULL;
    @NAME@_state *built = calloc(1, sizeof *built);
    if (built == NULL) {
        snprintf(message, sizeof message, "state: no memory");
        return INVOLUTE_OUT_OF_MEMORY;
    }
    const int code = build(options != NULL ? options : &usual,@BUILD_ARGUMENTS@ built);
    if (code != INVOLUTE_OK) {
        @NAME@_destroy(built);
        return code;
    }
    *state = built;
    return INVOLUTE_OK;
}

int @NAME@_run(@NAME@_state *state, @RUN@) {
    if (state == NULL)
        return refuse("state", "a pointer", 0);
@CHECKS@    const int64_t b = state->batch, c = state->channels;
    const int64_t h = state->height, w = state->width;
    (void)c, (void)h, (void)w;
    const involute_named_tensor inputs[] = {@INPUTS@};
    const involute_named_tensor outputs[] = {@OUTPUTS@};
    const involute_status status = involute_session_run(
        state->session, inputs, sizeof inputs / sizeof inputs[0], outputs, 1);
    return report(&status);
}

void @NAME@_destroy(@NAME@_state *state) {
    if (state == NULL)
        return;
    involute_session_destroy(state->session);
    involute_model_destroy(state->model);
    free(state);
}

const char *@NAME@_target(const @NAME@_state *state) {
    return state != NULL ? state->target : "";
}

const char *@NAME@_message(void) {
    return message;
}
)c";

inline constexpr const char *kImageHelper = R"c(
/* [B,C,H,W] over NHWC memory. */
static involute_tensor image(const float *data, int64_t batch, int64_t channels, int64_t height,
                             int64_t width) {
    const int64_t shape[4] = {batch, channels, height, width};
    involute_tensor tensor = involute_tensor_f32((float *)(uintptr_t)data, 4, shape);
    tensor.strides[0] = height * width * channels;
    tensor.strides[1] = 1;
    tensor.strides[2] = width * channels;
    tensor.strides[3] = channels;
    return tensor;
}
)c";

// [B,G,K*K,H,W] over memory that holds the kernels of a pixel together, group by group.
inline constexpr const char *kKernelsHelper = R"c(
static involute_tensor kernel_map(const float *data, int64_t batch, int64_t groups, int64_t taps,
                                  int64_t height, int64_t width) {
    const int64_t shape[5] = {batch, groups, taps, height, width};
    involute_tensor tensor = involute_tensor_f32((float *)(uintptr_t)data, 5, shape);
    tensor.strides[0] = height * width * groups * taps;
    tensor.strides[1] = taps;
    tensor.strides[2] = 1;
    tensor.strides[3] = width * groups * taps;
    tensor.strides[4] = groups * taps;
    return tensor;
}
)c";

inline constexpr const char *kCmakeTemplate =
    R"c(# The imported target @NAME@::@NAME@; include() this file.
if(NOT TARGET @NAME@::@NAME@)
  add_library(@NAME@::@NAME@ STATIC IMPORTED)
  set_target_properties(
    @NAME@::@NAME@
    PROPERTIES IMPORTED_LOCATION ${CMAKE_CURRENT_LIST_DIR}/lib@NAME@.a
               INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_CURRENT_LIST_DIR}
               INTERFACE_LINK_LIBRARIES "-Wl,--eh-frame-hdr;-pthread;m")
endif()
)c";

inline constexpr const char *kPkgConfigTemplate = R"c(prefix=${pcfiledir}

Name: @NAME@
Description: @LABEL@
Version: @VERSION@
Cflags: -I${prefix}
Libs: ${prefix}/lib@NAME@.a -Wl,--eh-frame-hdr -pthread -lm
)c";

inline constexpr const char *kReadmeTemplate = R"c(# @NAME@

@LABEL@, by involute @VERSION@ for @TARGETS@.
Written by

    @COMMAND@

| file | |
|---|---|
| lib@NAME@.a | @BYTES@; needs libc, libm and libpthread only; shows @NAME@_* only |
| @NAME@.h | the C interface, with every layout |
| @NAME@.cmake | `include()` it, then link `@NAME@::@NAME@` |
| @NAME@.pc | `pkg-config --cflags --libs @NAME@` with this folder in `PKG_CONFIG_PATH` |

## The call

```c
#include "@NAME@.h"

@EXAMPLE@```

    cc app.c -I. lib@NAME@.a -Wl,--eh-frame-hdr -pthread -lm

`-Wl,--eh-frame-hdr` matters in programs that are all static (`-static`) only.

Several such libraries, other versions of them and others with a Halide runtime live in one program.

## Layouts

Dense float32, last dimension innermost.

@LAYOUTS@
## Which kernels run

The best of the targets that this machine has; `@NAME@_target` names it, and the environment
variable `INVOLUTE_MAX_ISA` (@CAPS@) caps it. @FALLBACK@
@DEVICES@
| kernel | target | constants |
|---|---|---|
@KERNELS@
## Memory

@MEMORY@
)c";

} // namespace involute
