// The C functions of models, sessions, instruction sets and the tensor view. Nothing but checks of
// pointers and translation: no exception leaves here.
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "core/c_guard.h"
#include "core/isa.h"
#include "core/kernels_json.h"
#include "core/model.h"
#include "core/registered.h"
#include "core/session.h"
#include "core/status.h"
#include "involute/involute.h"

#ifndef INVOLUTE_VERSION
#define INVOLUTE_VERSION "0.1.0"
#endif

using involute::check_pointer;
using involute::guarded;
using involute::Status;

struct involute_model {
    std::shared_ptr<const involute::Model> model;
};

struct involute_session {
    std::unique_ptr<involute::Session> session;
};

namespace {

Status create_model(const involute_model_options *options, involute_model **model) {
    INVOLUTE_RETURN_IF_ERROR(check_pointer("model", model));
    *model = nullptr;
    INVOLUTE_RETURN_IF_ERROR(check_pointer("options", options));
    INVOLUTE_RETURN_IF_ERROR(
        involute::check_struct("options", options, options->struct_size, sizeof *options));
    auto built = std::make_unique<involute_model>();
    INVOLUTE_RETURN_IF_ERROR(involute::create_model(*options, &built->model));
    *model = built.release();
    return Status();
}

Status create_session(const involute_model *model, const involute_session_options *options,
                      involute_session **session) {
    INVOLUTE_RETURN_IF_ERROR(check_pointer("session", session));
    *session = nullptr;
    INVOLUTE_RETURN_IF_ERROR(check_pointer("model", model));
    INVOLUTE_RETURN_IF_ERROR(check_pointer("options", options));
    INVOLUTE_RETURN_IF_ERROR(
        involute::check_struct("options", options, options->struct_size, sizeof *options));
    auto built = std::make_unique<involute_session>();
    INVOLUTE_RETURN_IF_ERROR(involute::Session::create(model->model, *options, &built->session));
    *session = built.release();
    return Status();
}

} // namespace

extern "C" {

const char *involute_version(void) {
    return INVOLUTE_VERSION;
}

involute_tensor involute_tensor_f32(float *data, int32_t rank, const int64_t *shape) {
    involute_tensor tensor;
    std::memset(&tensor, 0, sizeof tensor);
    tensor.data = data;
    tensor.dtype = INVOLUTE_F32;
    tensor.device = INVOLUTE_CPU;
    tensor.rank = rank;
    if (rank < 0 || rank > INVOLUTE_MAX_RANK || !shape)
        return tensor; // whoever gets it says what is wrong with its shape
    uint64_t stride = 1;
    for (int32_t i = rank - 1; i >= 0; --i) {
        tensor.shape[i] = shape[i];
        tensor.strides[i] = static_cast<int64_t>(stride);
        stride *= static_cast<uint64_t>(shape[i]); // wraps for absurd shapes instead of trapping
    }
    return tensor;
}

const char *involute_isa_name(involute_isa isa) {
    return involute::isa_name(isa);
}

involute_status involute_isa_check(involute_isa isa) {
    // A question; "no" is no failure.
    return involute::without_exceptions(
        [&] { return involute::isa_check(involute::isa_situation(), isa); });
}

involute_status involute_device_native(involute_isa isa, involute_device_handles *handles) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("handles", handles));
        if (!involute::is_device(isa))
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "isa: expected opencl or cuda, got value %d",
                                 static_cast<int>(isa));
        INVOLUTE_RETURN_IF_ERROR(involute::isa_check(involute::isa_situation(), isa));
        return involute::device_handles(isa, handles);
    });
}

involute_isa involute_isa_best(char *reason, size_t reason_size) {
    if (reason && reason_size > 0)
        reason[0] = '\0';
    try {
        std::string text;
        const involute_isa best = involute::isa_best(involute::isa_situation(), &text);
        if (reason && reason_size > 0) {
            std::strncpy(reason, text.c_str(), reason_size - 1);
            reason[reason_size - 1] = '\0';
        }
        return best;
    } catch (const std::exception &) {
        return INVOLUTE_ISA_BASELINE;
    }
}

involute_status involute_isa_cap(involute_isa isa) {
    return guarded([&] { return involute::isa_cap(isa); });
}

involute_status involute_model_create(const involute_model_options *options,
                                      involute_model **model) {
    return guarded([&] { return create_model(options, model); });
}

const char *involute_model_json(const involute_model *model) {
    return model ? model->model->json.c_str() : nullptr;
}

void involute_model_destroy(involute_model *model) {
    delete model;
}

involute_status involute_session_create(involute_model *model,
                                        const involute_session_options *options,
                                        involute_session **session) {
    return guarded([&] { return create_session(model, options, session); });
}

involute_status involute_session_run(involute_session *session, const involute_named_tensor *inputs,
                                     size_t input_count, const involute_named_tensor *outputs,
                                     size_t output_count) {
    return guarded([&] {
        const Status status = check_pointer("session", session);
        return status.ok() ? session->session->run(inputs, input_count, outputs, output_count)
                           : status;
    });
}

involute_status involute_session_set_stream(involute_session *session, void *stream) {
    return guarded([&] {
        const Status status = check_pointer("session", session);
        return status.ok() ? session->session->set_stream(stream) : status;
    });
}

const char *involute_session_json(const involute_session *session) {
    return session ? session->session->json().c_str() : nullptr;
}

size_t involute_session_profile(const involute_session *session, involute_layer_profile *layers,
                                size_t count) {
    if (!session)
        return 0;
    const size_t profiled = session->session->profiled_layers();
    for (size_t i = 0; layers && i < count && i < profiled; ++i)
        layers[i] = session->session->profile(i);
    return profiled;
}

double involute_session_copy_seconds(const involute_session *session) {
    return session ? session->session->copy_seconds() : 0.0;
}

size_t involute_session_tasks(const involute_session *session, size_t layer, int32_t *regions,
                              double *seconds, size_t count) {
    if (!session || layer >= session->session->profiled_layers())
        return 0;
    const involute::TaskRecorder::Layer recorded = session->session->tasks(layer);
    size_t task = 0;
    for (size_t region = 0; region < recorded.counts.regions; ++region) {
        for (size_t i = 0; i < recorded.regions[region].tasks; ++i, ++task) {
            if (regions && task < count)
                regions[task] = static_cast<int32_t>(region);
            if (seconds && task < count)
                seconds[task] = recorded.tasks[task];
        }
    }
    return recorded.counts.tasks;
}

involute_status
involute_session_profile_warm(involute_session *session, const involute_named_tensor *inputs,
                              size_t input_count, const involute_named_tensor *outputs,
                              size_t output_count, int32_t repeats, double *seconds, size_t count) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("session", session));
        INVOLUTE_RETURN_IF_ERROR(check_pointer("seconds", seconds));
        return session->session->run_warm(inputs, input_count, outputs, output_count, repeats,
                                          seconds, count);
    });
}

void involute_session_destroy(involute_session *session) {
    delete session;
}

const char *involute_kernel_interface(void) {
    return INVOLUTE_KERNEL_INTERFACE;
}

involute_status involute_register_kernels(const involute_kernel_table *table) {
    return guarded([&] {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("table", table));
        INVOLUTE_RETURN_IF_ERROR(
            involute::check_struct("table", table, table->struct_size, sizeof *table));
        return involute::register_kernels(*table);
    });
}

const char *involute_kernels_json(void) {
    try {
        static const std::string text = involute::kernels_json();
        return text.c_str();
    } catch (const std::exception &) {
        return "[]";
    }
}

} // extern "C"
