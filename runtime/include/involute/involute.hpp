// The C++17 face of involute.h: the same objects as owners that cannot leak, networks and single
// operators ready to run, pictures, hooks. What can fail returns the status, as the C functions do;
// nothing throws, and exceptions and RTTI may be off. (Strings and vectors of the standard library
// do what they do where the heap is exhausted.) Header only.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "involute/involute.h"
#include "involute/options.hpp"

namespace involute::cpp {

// [[nodiscard]] by the C declaration's attribute is lost behind a wrapper; hence this type.
class [[nodiscard]] Result {
public:
    Result(const involute_status &status) : status_(status) {}
    // `message` is a literal of this header.
    Result(involute_code code, const char *message) : status_() {
        status_.code = code;
        for (size_t i = 0; message[i] != '\0' && i + 1 < sizeof status_.message; ++i)
            status_.message[i] = message[i];
    }
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

// The text of a member of a JSON object that the library wrote, without white space; "" if absent.
inline std::string json_member(const std::string &json, const std::string &key) {
    size_t start = std::string::npos;
    int depth = 0;
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == '"') {
            size_t end = i + 1;
            while (end < json.size() && json[end] != '"')
                end += json[end] == '\\' ? 2 : 1;
            if (depth == 1 && start == std::string::npos && end + 1 < json.size() &&
                json[end + 1] == ':' && json.compare(i + 1, end - i - 1, key) == 0)
                start = end + 2;
            i = end;
        } else if (depth == 1 && start != std::string::npos && (c == ',' || c == '}') &&
                   i > start) {
            return json.substr(start, i - start);
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return "";
}
} // namespace detail

// A float32 view of row-major memory, e.g. view(values, {1, 3, 224, 224}) for [B,C,H,W].
inline involute_tensor view(float *data, std::initializer_list<int64_t> shape) {
    return involute_tensor_f32(data, static_cast<int32_t>(shape.size()), shape.begin());
}

// A float32 view of channels-last memory without gaps, of the host or of a device: the shape is
// {B, C, H, W}, the channels of a pixel lie side by side.
inline involute_tensor channels_last(void *data, std::initializer_list<int64_t> shape,
                                     involute_device device = INVOLUTE_CPU) {
    involute_tensor tensor =
        involute_tensor_f32(nullptr, static_cast<int32_t>(shape.size()), shape.begin());
    tensor.data = data;
    tensor.device = device;
    if (shape.size() == 4) {
        tensor.strides[1] = 1;
        tensor.strides[3] = tensor.shape[1];
        tensor.strides[2] = tensor.strides[3] * tensor.shape[3];
    }
    return tensor;
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
    Result create(const Architecture &architecture, const Weights &weights,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        return create(architecture.json(), weights, isa);
    }
    Result create(const OperatorOptions &options, const Weights &weights,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        return create(options.json(), weights, isa);
    }
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
    // Runs of a session of a device go into this stream (CUstream, cl_command_queue).
    Result set_stream(void *stream) {
        return involute_session_set_stream(handle_.get(), stream);
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

// A picture from a file, prepared for a network: [1,3,H,W].
class Picture {
public:
    // `preprocessing`: that of the network, "": the ImageNet recipe; sizes 0: what the recipe says.
    Result load(const std::string &path, const std::string &preprocessing = "", int64_t height = 0,
                int64_t width = 0) {
        const char *recipe = preprocessing.empty() ? nullptr : preprocessing.c_str();
        involute_tensor tensor{};
        involute_status status = involute_image_load(path.c_str(), recipe, height, width, &tensor);
        if (status.code != INVOLUTE_OK)
            return status;
        std::vector<float> values(static_cast<size_t>(3 * tensor.shape[2] * tensor.shape[3]));
        tensor.data = values.data();
        status = involute_image_load(path.c_str(), recipe, height, width, &tensor);
        if (status.code == INVOLUTE_OK) {
            values_ = std::move(values);
            tensor_ = tensor;
        }
        return status;
    }
    int64_t height() const {
        return tensor_.shape[2];
    }
    int64_t width() const {
        return tensor_.shape[3];
    }
    const involute_tensor &tensor() const {
        return tensor_;
    }

private:
    std::vector<float> values_; // moved with the address of its values
    involute_tensor tensor_{};
};

// A model and one session of it.
class Network {
public:
    // A file of weights that says its architecture itself.
    Result open(const std::string &weights_file, involute_isa isa = INVOLUTE_ISA_AUTO) {
        Weights weights;
        const Result opened = weights.open(weights_file);
        return opened ? create("", weights, isa) : opened;
    }
    // A name ("rednet50"), architecture JSON, or "": the weights' metadata.
    Result create(const std::string &architecture, const Weights &weights,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        return model_.create(architecture, weights, isa);
    }
    Result create(const Architecture &architecture, const Weights &weights,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        return model_.create(architecture, weights, isa);
    }
    // For pictures of one size. threads 0: as many as this process may use.
    Result prepare(int64_t batch, int64_t height, int64_t width, int32_t threads = 0,
                   bool features = false) {
        return session_.create(model_, batch, height, width, threads, features);
    }
    // [B,3,H,W] -> B * classes() values.
    Result run(const involute_tensor &input, std::vector<float> *logits) {
        const int64_t batch = input.rank > 0 ? input.shape[0] : 0;
        if (batch < 1 || batch > INT32_MAX)
            return {INVOLUTE_INVALID_ARGUMENT, "input: expected shape [B,3,H,W]"};
        logits->resize(static_cast<size_t>(batch * classes()));
        return run({{"input", input}}, {{"logits", view(logits->data(), {batch, classes()})}});
    }
    Result run(std::initializer_list<involute_named_tensor> inputs,
               std::initializer_list<involute_named_tensor> outputs) {
        return session_.run(inputs, outputs);
    }
    int64_t classes() const { // 0 before create()
        return std::atoll(member("classes").c_str());
    }
    std::string preprocessing() const { // for Picture::load()
        return member("preprocessing");
    }
    const Model &model() const {
        return model_;
    }
    Session &session() {
        return session_;
    }

private:
    std::string member(const char *key) const {
        const char *json = model_.json();
        return json ? detail::json_member(json, key) : "";
    }

    Model model_;
    Session session_;
};

// One operator at one size.
class Operator {
public:
    // threads 0: as many as this process may use.
    Result create(const OperatorOptions &options, const Weights &weights, int64_t batch,
                  int64_t height, int64_t width, int32_t threads = 0,
                  involute_isa isa = INVOLUTE_ISA_AUTO) {
        Model model;
        Session session;
        const Result built = model.create(options, weights, isa);
        if (!built)
            return built;
        const Result planned = session.create(model, batch, height, width, threads);
        if (planned) {
            session_ = std::move(session);
            output_ = options.op == Op::kernel_generation ? "kernels" : "output";
        }
        return planned;
    }
    // Operators with one input; the output is named as the C interface says.
    Result run(const involute_tensor &input, const involute_tensor &output) {
        return session_.run({{"input", input}}, {{output_, output}});
    }
    Result run(std::initializer_list<involute_named_tensor> inputs,
               std::initializer_list<involute_named_tensor> outputs) {
        return session_.run(inputs, outputs);
    }
    std::vector<int64_t> output_shape() const { // empty before create()
        const char *json = session_.json();
        const std::string outputs = json ? detail::json_member(json, "outputs") : "";
        const std::string shape =
            detail::json_member(outputs.substr(outputs.empty() ? 0 : 1), "shape");
        std::vector<int64_t> sizes;
        for (size_t i = 0; i < shape.size(); ++i) {
            if (shape[i] == '[' || shape[i] == ',')
                sizes.push_back(std::atoll(shape.c_str() + i + 1));
        }
        return sizes;
    }
    Session &session() {
        return session_;
    }

private:
    Session session_; // keeps the model
    const char *output_ = "output";
};

// For models and sessions created from now on; struct_size is filled in. What the functions use
// lives as long as those models and sessions.
inline Result set_allocator(involute_allocator hooks) {
    hooks.struct_size = sizeof hooks;
    return involute_set_allocator(&hooks);
}
inline Result reset_allocator() {
    return involute_set_allocator(nullptr);
}

// The library's messages, from start() to the end of this object. There is one function in a
// process: the last one started.
class Logger {
public:
    using Function = std::function<void(involute_log_level level, const char *text)>;

    Logger() = default;
    Logger(const Logger &) = delete;
    Logger &operator=(const Logger &) = delete;
    ~Logger() {
        stop();
    }
    // `function` may be called from several threads at once and must not throw.
    Result start(involute_log_level level, Function function) {
        stop();
        function_ = std::move(function);
        const involute_status status = involute_set_logger(call, this, level);
        started_ = status.code == INVOLUTE_OK;
        return status;
    }
    void stop() {
        // It can fail within `function` only, which is not the place to end its owner.
        if (started_ &&
            involute_set_logger(nullptr, nullptr, INVOLUTE_LOG_ERROR).code == INVOLUTE_OK)
            started_ = false;
    }

private:
    static void call(void *self, involute_log_level level, const char *text) noexcept {
        static_cast<Logger *>(self)->function_(level, text);
    }

    Function function_;
    bool started_ = false;
};

} // namespace involute::cpp
