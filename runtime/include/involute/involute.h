/* The C interface of involute: models, single operators, weights and pictures.
 *
 * Everything an application needs is in this header; no Halide, LLVM or Python stands behind it.
 * Objects are opaque and owned by the caller, who destroys them in any order (a session keeps what
 * it needs of its model alive). No function throws, prints, aborts or changes the environment; nor
 * may functions of the application that are called from here throw.
 *
 * Threads: objects may be used from any thread; one session serves one caller at a time, any number
 * of sessions of one model run at once. Results have the same bits for every number of threads.
 */
#ifndef INVOLUTE_INVOLUTE_H
#define INVOLUTE_INVOLUTE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define INVOLUTE_API
#else
#define INVOLUTE_API __attribute__((visibility("default")))
#endif
#if defined(__GNUC__)
#define INVOLUTE_NODISCARD __attribute__((warn_unused_result))
#else
#define INVOLUTE_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status ---- */

typedef enum involute_code {
    INVOLUTE_OK = 0,
    INVOLUTE_INVALID_ARGUMENT = 1, /* wrong use: a size, shape, name or option */
    INVOLUTE_INVALID_FILE = 2,     /* a file that cannot be read or is not what it should be */
    INVOLUTE_UNSUPPORTED = 3,      /* legal, but no kernel in this library covers it */
    INVOLUTE_UNAVAILABLE = 4,      /* this machine lacks it: instruction set, device */
    INVOLUTE_OUT_OF_MEMORY = 5,
    INVOLUTE_IO_ERROR = 6, /* writing failed: path, permissions, full disk */
    INVOLUTE_INTERNAL = 7  /* a defect of this library */
} involute_code;

/* Returned by value. `message` is empty when code is INVOLUTE_OK; otherwise one line of UTF-8 that
 * names the tensor, dimension or argument with what was expected and what was found. */
typedef struct involute_status {
    int32_t code; /* involute_code */
    char message[508];
} involute_status;

/* "1.2.3", static. */
INVOLUTE_API const char *involute_version(void);

/* ---- the application's part: memory and messages ---- */

/* Takes the place of the system's memory for what models and sessions store: packed weights,
 * activations, scratch. (Names, JSON and the like stay on the heap of the C++ library.) The
 * functions are called from any thread, also from several at once; involute_session_run calls
 * neither. */
typedef struct involute_allocator {
    size_t struct_size; /* sizeof(involute_allocator) */
    void *user;         /* given to the functions */
    /* At least `bytes` (> 0) of memory of any content, aligned to `alignment` (a power of two), or
     * NULL when there is none: the call that needed it fails with INVOLUTE_OUT_OF_MEMORY. */
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    /* `memory` is not NULL; `bytes` and `alignment` are those it was allocated with. */
    void (*release)(void *user, void *memory, size_t bytes, size_t alignment);
} involute_allocator;

/* For models and sessions created from now on; NULL: the system again. Each keeps the allocator it
 * was created with to its end, and so does the memory of a model to the end of its last session:
 * the functions and `user` must live as long. The struct is copied. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_set_allocator(const involute_allocator *allocator);

typedef enum involute_log_level {
    INVOLUTE_LOG_ERROR = 1,   /* every call that fails; involute_isa_check answers, that is none */
    INVOLUTE_LOG_WARNING = 2, /* what is ignored, such as an INVOLUTE_MAX_ISA that names nothing */
    INVOLUTE_LOG_INFO = 3,    /* models and sessions that were created, with their memory */
    INVOLUTE_LOG_DEBUG = 4    /* the kernel that each layer takes, and why */
} involute_log_level;

/* `text` is one line of UTF-8 without its end, valid during the call. Called from any thread, also
 * from several at once. */
typedef void (*involute_log_function)(void *user, involute_log_level level, const char *text);

/* `function` gets the messages up to `level`; NULL, as in the beginning: silence. When this
 * returns, the function before is not being called any more. Nothing is logged, and this function
 * fails, on a thread that is inside a call of `function`. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_set_logger(involute_log_function function,
                                                                    void *user,
                                                                    involute_log_level level);

/* ---- tensors ---- */

typedef enum involute_dtype {
    INVOLUTE_F32 = 0,
    INVOLUTE_BF16 = 1,
    INVOLUTE_I8 = 2,
    INVOLUTE_U8 = 3
} involute_dtype;
/* What `data` of a tensor is: an address of the host; a cl_mem, from its first byte on; a
 * CUdeviceptr (an address of the CUDA runtime is one). */
typedef enum involute_device {
    INVOLUTE_CPU = 0,
    INVOLUTE_DEVICE_OPENCL = 1,
    INVOLUTE_DEVICE_CUDA = 2
} involute_device;

#define INVOLUTE_MAX_RANK 8

/* A view of memory that the caller owns. Shapes are given in the order that the texts name, e.g.
 * [B,C,H,W] for activations, whatever the memory order is: strides (in elements, may be 0 for
 * inputs) tell it. Channels-last memory (stride 1 along C, C along W, C*W along H) is taken without
 * a copy, any other order is copied once. `data` is aligned to the element size at least. Sessions
 * of a device also take its memory, channels-last without gaps, CUDA's at multiples of 16 bytes;
 * it belongs to the context that involute_device_native tells. */
typedef struct involute_tensor {
    void *data;
    int32_t dtype;  /* involute_dtype */
    int32_t device; /* involute_device */
    int32_t rank;   /* 0 .. INVOLUTE_MAX_RANK */
    int32_t reserved;
    int64_t shape[INVOLUTE_MAX_RANK];
    int64_t strides[INVOLUTE_MAX_RANK];
} involute_tensor;

/* A tensor with a name: an input or output of a session, a weight, an entry of a file. */
typedef struct involute_named_tensor {
    const char *name;
    involute_tensor tensor;
} involute_named_tensor;

/* A float32 view of row-major memory; rank and shape are copied, strides computed. */
INVOLUTE_API involute_tensor involute_tensor_f32(float *data, int32_t rank, const int64_t *shape);

/* ---- instruction sets ---- */

/* In rising order; every library holds the baseline, so no CPU gets an illegal instruction. */
typedef enum involute_isa {
    INVOLUTE_ISA_AUTO = 0, /* the best that the CPU, this library and the cap allow */
    INVOLUTE_ISA_BASELINE = 1,
    INVOLUTE_ISA_AVX2 = 2,
    INVOLUTE_ISA_AVX512 = 3,
    INVOLUTE_ISA_NEON = 4,
    /* Devices, in libraries built with kernels for them. Never chosen by AUTO, and no cap holds. */
    INVOLUTE_ISA_OPENCL = 5,
    INVOLUTE_ISA_CUDA = 6
} involute_isa;

/* "baseline", "avx2", "avx512", "neon", "opencl", "cuda", "auto"; NULL for anything else. Static.
 */
INVOLUTE_API const char *involute_isa_name(involute_isa isa);

/* Whether kernels for `isa` are in this library and may run here. On INVOLUTE_UNAVAILABLE the
 * message says which CPU feature is missing, that the library was built without it, what caps it,
 * or that a device or its driver does not answer. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_isa_check(involute_isa isa);

/* What INVOLUTE_ISA_AUTO means now. `reason` (may be NULL) gets one static-free line of at most
 * `reason_size` bytes: the CPU features found and the cap in force. */
INVOLUTE_API involute_isa involute_isa_best(char *reason, size_t reason_size);

/* Caps the choice for models created later in this process, as the environment variable
 * INVOLUTE_MAX_ISA (read once) does; the lower of the two holds. INVOLUTE_ISA_AUTO lifts it. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_isa_cap(involute_isa isa);

/* What the device of `isa` is to its own interface, for callers who share memory with it or order
 * work around it. */
typedef struct involute_device_handles {
    void *context; /* CUcontext: the primary one, as the CUDA runtime uses it; cl_context */
    void *device;  /* CUdevice, as a number; cl_device_id */
    void *stream;  /* where runs go: NULL, CUDA's default stream; an in-order cl_command_queue */
} involute_device_handles;

/* Opens driver and device if no one has. They stay as they are to the end of the process. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_device_native(involute_isa isa, involute_device_handles *handles);

/* ---- weights ---- */

typedef struct involute_weights involute_weights;

/* Reads a safetensors file (float32 tensors, at most 16 MiB of header). Nothing in the file is
 * trusted. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_weights_open(const char *path,
                                                                      involute_weights **weights);

/* Weights by the portable rule (docs/file-formats.md): every name and shape a model asks for
 * exists. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_weights_synthetic(uint64_t seed, involute_weights **weights);

/* Copies `count` tensors (float32, any strides). */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_weights_create(
    const involute_named_tensor *tensors, size_t count, involute_weights **weights);

/* The stored tensors in file order; NULL past the end. Views live as long as `weights`. */
INVOLUTE_API const involute_named_tensor *involute_weights_tensor(const involute_weights *weights,
                                                                  size_t index);

/* The tensor called `name`, or NULL. For synthetic weights only "input" exists, of the given shape
 * elsewhere. */
INVOLUTE_API const involute_named_tensor *involute_weights_find(const involute_weights *weights,
                                                                const char *name);

/* A value of the file's __metadata__, or NULL. */
INVOLUTE_API const char *involute_weights_metadata(const involute_weights *weights,
                                                   const char *key);

INVOLUTE_API void involute_weights_destroy(involute_weights *weights);

/* Writes tensors (float32, any strides) as safetensors, through a temporary file that is renamed.
 * `metadata` is a list of 2*metadata_count strings, key before value; may be NULL when the count is
 * 0. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_tensors_save(const char *path, const involute_named_tensor *tensors, size_t count,
                      const char *const *metadata, size_t metadata_count);

/* Fills a tensor by the portable rule: value i = float(centre + u_i * half_width), u_i in [-1, 1).
 */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_tensor_fill(involute_tensor *tensor,
                                                                     const char *name,
                                                                     uint64_t seed, double centre,
                                                                     double half_width);

/* ---- models ---- */

typedef struct involute_model involute_model;

typedef struct involute_model_options {
    size_t struct_size; /* sizeof(involute_model_options) */
    /* A name (rednet50, resnet26), architecture JSON, or NULL: the weights' metadata. A single
     * operator is JSON too, docs/file-formats.md: {"kind":"involution","channels":64,"kernel":7} */
    const char *architecture;
    const involute_weights *weights; /* borrowed during the call; NULL where none are needed */
    const char *weights_prefix;      /* put before each name looked up; NULL: none */
    involute_isa isa;
    involute_dtype dtype; /* INVOLUTE_F32 */
    /* NULL: "hand"; others from involute_register_kernels, looked for when a session is created */
    const char *schedule;
} involute_model_options;

/* Builds the layers, folds batch norm and packs the weights for the chosen instruction set. Fails
 * with the tensor's name, expected and found shape when the weights do not fit. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_model_create(const involute_model_options *options, involute_model **model);

/* The architecture as JSON with every default written out, and with "isa", "parameters", "rows"
 * (the different ones that its layers take, [{"row","isa"}]), "inputs" and "outputs" (names). Lives
 * as long as the model. */
INVOLUTE_API const char *involute_model_json(const involute_model *model);

INVOLUTE_API void involute_model_destroy(involute_model *model);

/* ---- sessions ---- */

typedef struct involute_session involute_session;

typedef struct involute_session_options {
    size_t struct_size;           /* sizeof(involute_session_options) */
    int64_t batch, height, width; /* >= 1 */
    int32_t threads;              /* >= 1; 0: as many as this process may use */
    int32_t features;             /* nonzero: stage1 .. stage4 are outputs as well */
    int32_t profile;              /* nonzero: every run records the times of each layer */
    /* Nonzero: the work is cut for so many threads, but its tasks run one after another on the
     * caller's, each timed as with `profile`; `threads` is 0 or 1 then. */
    int32_t simulated_threads;
    /* Nonzero: only what involute_session_json says is wanted. Kernels are not looked for, so that
     * a caller can learn which ones to register, and the session cannot run. */
    int32_t plan_only;
} involute_session_options;

/* Plans and allocates all memory for one shape and starts the threads. Nothing is allocated after
 * this call until the session is destroyed. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_session_create(
    involute_model *model, const involute_session_options *options, involute_session **session);

/* Runs once. Networks: input "input" [B,3,H,W] (normalised), outputs "logits" [B,classes] and, with
 * features, "stage1" .. "stage4" [B,C,H,W]. Operators: "input" [B,C,H,W] (aggregation also
 * "kernels" [B,G,K*K,Ho,Wo], conv2d optionally "residual"), output "output" or "kernels"; dense
 * takes "input" [B,C]. The gradients of the aggregation take the size of its input:
 * aggregation_grad_input "grad_output" [B,C,Ho,Wo] and "kernels", output "grad_input" [B,C,H,W];
 * aggregation_grad_weight "input" and "grad_output", output "grad_kernels". Inputs may come in any
 * order; outputs that are not asked for are not written. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_session_run(involute_session *session, const involute_named_tensor *inputs,
                     size_t input_count, const involute_named_tensor *outputs, size_t output_count);

/* Runs from now on go into `stream` (CUstream; an in-order cl_command_queue of the device's
 * context), after what is in it; NULL: the usual one. A run returns when its tensors in the host's
 * memory have been read and written, so at once, with work left in the stream, when it has none:
 * what fails later is told by a later call. The stream lives as long as the session or until the
 * next call of this function. Only for sessions of a device, and not while one runs. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_session_set_stream(involute_session *session, void *stream);

/* JSON:
 * {"batch","height","width","threads","isa","macs","memory":{"weights","activations","scratch",...}
 * in bytes, "inputs":[{"name","shape"}], "outputs":[{"name","shape"}],
 * "layers":[{"name","op","row","kernel","macs","shape","why","bytes","tail",...}]}; every field is
 * in docs/file-formats.md. Lives as long as the session. */
INVOLUTE_API const char *involute_session_json(const involute_session *session);

/* Times of a layer. A region is a parallel loop of more than one task; a loop inside one of its
 * tasks belongs to the task. */
typedef struct involute_layer_profile {
    double seconds;        /* of the layer, by the wall clock */
    double region_seconds; /* of that, inside regions */
    double task_seconds;   /* of the tasks of all regions, summed over the threads */
    int64_t regions;
    int64_t tasks; /* of all regions */
} involute_layer_profile;

/* The layers in the last run, in the order of "layers"; returns their number and writes at most
 * `count`. 0 unless the session was made with `profile` or `simulated_threads`. Not while it runs;
 * so for the next function. */
INVOLUTE_API size_t involute_session_profile(const involute_session *session,
                                             involute_layer_profile *layers, size_t count);

/* Seconds in which the last run copied tensors of the caller: into its own order, to a device and
 * back. Those of the layers have no part of it. 0 without profile. */
INVOLUTE_API double involute_session_copy_seconds(const involute_session *session);

/* The tasks of one layer in the last run: the region of each (counted from 0) and its seconds, in
 * the order in which threads take them. Either array may be NULL. Returns the number of tasks and
 * writes at most `count`; 0 without profile or such a layer. */
INVOLUTE_API size_t involute_session_tasks(const involute_session *session, size_t layer,
                                           int32_t *regions, double *seconds, size_t count);

/* Runs once, as involute_session_run does and with the same results, but calls each layer `repeats`
 * (>= 1) times more at once: with its weights and activations in the caches. seconds[i*repeats + r]
 * gets the time of call r of layer i; `count` is the number of layers times `repeats`. The session
 * was made with `profile`; what it tells afterwards is of the last calls. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_session_profile_warm(involute_session *session, const involute_named_tensor *inputs,
                              size_t input_count, const involute_named_tensor *outputs,
                              size_t output_count, int32_t repeats, double *seconds, size_t count);

INVOLUTE_API void involute_session_destroy(involute_session *session);

/* The kernels in this library as JSON:
 * [{"op","row","dtype","isa","schedule","form","kernel","stride","group_channels",
 * "channels","packing","symbol"}]. Static. */
INVOLUTE_API const char *involute_kernels_json(void);

/* ---- kernels from elsewhere ---- */

/* A kernel that was built apart from this library (docs/kernel-interface.md); words are those of
 * generators/inventory.def, numbers 0 mean "any value, given at run time". */
typedef struct involute_kernel {
    const char *row, *op, *form;
    const char *dtype;    /* "f32" */
    const char *schedule; /* "naive", "adams2019", ...: what involute_model_options asks for */
    const char *symbol;   /* for messages */
    const char *call;     /* NULL: any; else the one call that it was built for: what
                           * involute_session_json says of a layer as "call" */
    int32_t kernel, stride, group_channels, channels;
    int32_t packing; /* NR */
    int32_t isa;     /* involute_isa */
    int (*function)(void **arguments);
} involute_kernel;

/* What kernels call; `context` is what they were called with. */
typedef struct involute_kernel_services {
    size_t struct_size; /* sizeof(involute_kernel_services) */
    int (*parallel_for)(void *context, int (*task)(void *context, int index, uint8_t *closure),
                        int min, int size, uint8_t *closure);
    void *(*allocate)(void *context, size_t bytes);
    void (*release)(void *context, void *memory);
    void (*error)(void *context, const char *message);
} involute_kernel_services;

typedef struct involute_kernel_table {
    size_t struct_size;         /* sizeof(involute_kernel_table) */
    size_t kernel_size;         /* sizeof(involute_kernel) */
    const char *name;           /* for messages */
    const char *version;        /* involute_version() of the sources that it was built from, */
    const char *interface_hash; /* and involute_kernel_interface() */
    const involute_kernel *kernels;
    size_t count;
    /* Called once, before any kernel is: what they are to call from now on. */
    void (*use_services)(const involute_kernel_services *services);
} involute_kernel_table;

/* Identifies the interface between kernels and this library. Static. */
INVOLUTE_API const char *involute_kernel_interface(void);

/* Sessions created from now on may take these kernels: those of models whose options name their
 * schedule. A layer takes the one that was built for its call, else one for any; a row that this
 * library does not have is chosen, where it fits, by models created from now on. The table and
 * everything behind it stay where they are to the end of the process. Refused as a whole, with
 * what does not fit, when it comes from another version, names what this library does not know, or
 * holds a kernel (row, isa, schedule and call) that is already there. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status
involute_register_kernels(const involute_kernel_table *table);

/* ---- pictures ---- */

/* Decodes a JPEG, PNG or PPM file (at most 64 Mi pixels), applies its EXIF orientation, and
 * prepares it for a network: `preprocessing` is the JSON object of the architecture
 * ("preprocessing") or NULL for the ImageNet recipe, at the given height and width (0: what the
 * recipe says). Call with tensor->data NULL to learn the shape [1,3,H,W]; then with memory of that
 * shape. */
INVOLUTE_API INVOLUTE_NODISCARD involute_status involute_image_load(const char *path,
                                                                    const char *preprocessing,
                                                                    int64_t height, int64_t width,
                                                                    involute_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
