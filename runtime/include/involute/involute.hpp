// The C++17 face of involute.h: the same objects as owners that cannot leak. Nothing throws; what
// can fail returns the status, as the C functions do. Header only.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "involute/involute.h"

namespace involute::cpp {

// [[nodiscard]] by the C declaration's attribute is lost behind a wrapper; hence this type.
class [[nodiscard]] Result {
public:
    Result(const involute_status &status) : status_(status) {}
    explicit operator bool() const { // true: ok
        return status_.code == INVOLUTE_OK;
    }
    involute_code code() const {
        return static_cast<involute_code>(status_.code);
    }
    const char *message() const {
        return status_.message;
    }

private:
    involute_status status_;
};

namespace detail {
struct Destroy {
    void operator()(involute_weights *weights) const {
        involute_weights_destroy(weights);
    }
    void operator()(involute_model *model) const {
        involute_model_destroy(model);
    }
    void operator()(involute_session *session) const {
        involute_session_destroy(session);
    }
};
} // namespace detail

// A float32 view of row-major memory, e.g. view(values, {1, 3, 224, 224}) for [B,C,H,W].
inline involute_tensor view(float *data, std::initializer_list<int64_t> shape) {
    return involute_tensor_f32(data, static_cast<int32_t>(shape.size()), shape.begin());
}

class Weights {
public:
    Result open(const std::string &path) {
        return take(
            [&](involute_weights **out) { return involute_weights_open(path.c_str(), out); });
    }
    Result synthetic(uint64_t seed) {
        return take([&](involute_weights **out) { return involute_weights_synthetic(seed, out); });
    }
    // Copies the tensors.
    Result create(const std::vector<involute_named_tensor> &tensors) {
        return take([&](involute_weights **out) {
            return involute_weights_create(tensors.data(), tensors.size(), out);
        });
    }
    const involute_named_tensor *find(const std::string &name) const {
        return involute_weights_find(handle_.get(), name.c_str());
    }
    const involute_weights *get() const {
        return handle_.get();
    }

private:
    template <class Make>
    involute_status take(Make make) {
        involute_weights *made = nullptr;
        const involute_status status = make(&made);
        if (status.code == INVOLUTE_OK)
            handle_.reset(made);
        return status;
    }

    std::unique_ptr<involute_weights, detail::Destroy> handle_;
};

class Model {
public:
    // `architecture`: a name, architecture or operator JSON; "": the weights' metadata.
    Result create(const std::string &architecture, const Weights &weights,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        involute_model_options options{};
        options.struct_size = sizeof options;
        options.architecture = architecture.empty() ? nullptr : architecture.c_str();
        options.weights = weights.get();
        options.isa = isa;
        involute_model *made = nullptr;
        const involute_status status = involute_model_create(&options, &made);
        if (status.code == INVOLUTE_OK)
            handle_.reset(made);
        return status;
    }
    const char *json() const {
        return involute_model_json(handle_.get());
    }
    involute_model *get() const {
        return handle_.get();
    }

private:
    std::unique_ptr<involute_model, detail::Destroy> handle_;
};

class Session {
public:
    // threads 0: as many as this process may use.
    Result create(const Model &model, int64_t batch, int64_t height, int64_t width,
                  int32_t threads = 0, bool features = false) {
        involute_session_options options{};
        options.struct_size = sizeof options;
        options.batch = batch, options.height = height, options.width = width;
        options.threads = threads, options.features = features;
        return create(model, options);
    }
    // With every option of the C interface but struct_size, which is filled in.
    Result create(const Model &model, involute_session_options options) {
        options.struct_size = sizeof options;
        involute_session *made = nullptr;
        const involute_status status = involute_session_create(model.get(), &options, &made);
        if (status.code == INVOLUTE_OK)
            handle_.reset(made);
        return status;
    }
    Result run(std::initializer_list<involute_named_tensor> inputs,
               std::initializer_list<involute_named_tensor> outputs) {
        return involute_session_run(handle_.get(), inputs.begin(), inputs.size(), outputs.begin(),
                                    outputs.size());
    }
    // As run(), with `repeats` more calls of each layer at once; `seconds` gets their times, layer
    // by layer. The session was made with `profile`.
    Result profile_warm(std::initializer_list<involute_named_tensor> inputs,
                        std::initializer_list<involute_named_tensor> outputs, int32_t repeats,
                        std::vector<double> *seconds) {
        const size_t layers = involute_session_profile(handle_.get(), nullptr, 0);
        seconds->assign(layers * static_cast<size_t>(repeats > 0 ? repeats : 0) + 1, 0.0);
        const involute_status status = involute_session_profile_warm(
            handle_.get(), inputs.begin(), inputs.size(), outputs.begin(), outputs.size(), repeats,
            seconds->data(), seconds->size() - 1);
        seconds->pop_back(); // was there so that no pointer is NULL
        return status;
    }
    // The layers in the last run; empty without `profile`.
    std::vector<involute_layer_profile> profile() const {
        std::vector<involute_layer_profile> layers(
            involute_session_profile(handle_.get(), nullptr, 0));
        involute_session_profile(handle_.get(), layers.data(), layers.size());
        return layers;
    }
    const char *json() const {
        return involute_session_json(handle_.get());
    }
    involute_session *get() const {
        return handle_.get();
    }

private:
    std::unique_ptr<involute_session, detail::Destroy> handle_;
};

} // namespace involute::cpp
