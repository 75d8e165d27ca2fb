// Opening of models. The library reads weights by path, so the embedded ones are given to it as a
// file in memory: nothing is written to disk.
#include "network.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "failure.h"
#include "packs.h"
#include "print.h"

// The bytes of models/rednet-digits.safetensors; made by the build.
extern const unsigned char involute_rednet_digits[];
extern const size_t involute_rednet_digits_size;

namespace involute {

namespace {

constexpr size_t kMaxArchitectureBytes = 16 << 20;

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0)
            close(number);
    }
};

std::string system_error() {
    return std::strerror(errno);
}

std::string read_architecture(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw Failure(kExitUsage, "--model " + path + ": cannot be read: " + system_error());
    std::string text(kMaxArchitectureBytes + 1, 0);
    file.read(&text[0], static_cast<std::streamsize>(text.size()));
    if (file.bad() || file.gcount() == 0)
        throw Failure(kExitUsage, "--model " + path + ": expected an architecture as JSON, found " +
                                      "nothing that can be read");
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxArchitectureBytes)
        throw Failure(kExitUsage, "--model " + path + ": expected an architecture as JSON of at " +
                                      "most " + std::to_string(kMaxArchitectureBytes) + " bytes");
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        throw Failure(kExitUsage, "--model " + path + ": expected a JSON object, found other text");
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A name that is not known but looks like a path is one.
std::string architecture_of(const std::string &model) {
    const std::vector<std::string> &names = model_names();
    if (std::find(names.begin(), names.end(), model) != names.end())
        return model;
    if (model.find_first_of("/.") != std::string::npos || access(model.c_str(), F_OK) == 0)
        return read_architecture(model);
    throw Failure(kExitUsage, "--model: expected one of " + joined(names) +
                                  ", or an architecture file, found \"" + model + "\"");
}

std::string metadata_architecture(const involute_weights *weights, const std::string &what) {
    const char *text = involute_weights_metadata(weights, "architecture");
    if (!text)
        throw Failure(kExitUsage, "--model: expected a model, because the metadata of " + what +
                                      " holds no architecture");
    return text;
}

// The size that pictures are prepared to, or 224x224.
Size size_for(const Json &model) {
    const Json size = model.value("preprocessing", Json::object()).value("size", Json());
    if (size.is_array() && size.size() == 2 && size[0].is_number_integer() &&
        size[1].is_number_integer())
        return {size[0].get<int64_t>(), size[1].get<int64_t>()};
    return {224, 224};
}

// The plan of a model's first session, from which the rows of its layers are chosen.
Json plan_of(involute_model *model, const Tuning &tuning) {
    const Json json = Json::parse(involute_model_json(model));
    const Size usual = json.contains("preprocessing") ? size_for(json) : Size{64, 64};
    const Size size = tuning.size.height > 0 ? tuning.size : usual;
    involute_session_options options = {};
    options.struct_size = sizeof options;
    options.batch = tuning.batch, options.threads = tuning.threads;
    options.height = json.value("height", size.height),
    options.width = json.value("width", size.width);
    options.plan_only = 1;
    involute_session *created = nullptr;
    require(involute_session_create(model, &options, &created), json.value("kind", ""));
    const SessionHandle session(created);
    return Json::parse(involute_session_json(created));
}

} // namespace

WeightsHandle embedded_weights() {
    const Descriptor memory = {memfd_create("rednet-digits", MFD_CLOEXEC)};
    if (memory.number < 0)
        throw Failure(kExitEnvironment, "rednet-digits: no file in memory: " + system_error());
    for (size_t written = 0; written < involute_rednet_digits_size;) {
        const ssize_t count = write(memory.number, involute_rednet_digits + written,
                                    involute_rednet_digits_size - written);
        if (count <= 0)
            throw Failure(kExitEnvironment, "rednet-digits: no memory: " + system_error());
        written += static_cast<size_t>(count);
    }
    involute_weights *weights = nullptr;
    const std::string path = "/proc/self/fd/" + std::to_string(memory.number);
    require(involute_weights_open(path.c_str(), &weights), "rednet-digits");
    return WeightsHandle(weights);
}

WeightsHandle open_weights(const std::string &text) {
    involute_weights *weights = nullptr;
    const std::string synthetic = "synthetic";
    if (text == synthetic || text.compare(0, synthetic.size() + 1, synthetic + ":") == 0) {
        const int64_t seed = text == synthetic
                                 ? 0
                                 : parse_integer("--weights synthetic:SEED",
                                                 text.substr(synthetic.size() + 1), 0, INT64_MAX);
        require(involute_weights_synthetic(static_cast<uint64_t>(seed), &weights), "--weights");
    } else {
        require(involute_weights_open(text.c_str(), &weights), "--weights " + text);
    }
    return WeightsHandle(weights);
}

Model open_model(const std::string &model, const std::string &weights) {
    const bool digits = model == "rednet-digits" || (model.empty() && weights.empty());
    Model opened;
    opened.label = digits ? "rednet-digits" : model.empty() ? weights : model;
    if (digits) {
        opened.weights = embedded_weights();
        opened.architecture = metadata_architecture(opened.weights.get(), "rednet-digits");
    } else if (!model.empty()) {
        opened.architecture = architecture_of(model);
    }
    if (!digits || !weights.empty()) {
        opened.weights_text = weights.empty() ? "synthetic:0" : weights;
        opened.weights = open_weights(opened.weights_text);
    }
    if (opened.architecture.empty())
        opened.architecture =
            metadata_architecture(opened.weights.get(), "--weights " + opened.weights_text);
    return opened;
}

Size operator_size(const std::string &kind, Size given) {
    return given.height > 0 ? given : kind == "dense" ? Size{1, 1} : Size{56, 56};
}

Model open_operator(Json description, const std::string &weights, Size size) {
    Model opened;
    opened.label = description.at("kind").get<std::string>();
    if (opened.label == "local") {
        const Size only = operator_size(opened.label, size);
        description["height"] = only.height, description["width"] = only.width;
    }
    opened.architecture = description.dump();
    opened.weights_text = weights.empty() ? "synthetic:0" : weights;
    opened.weights = open_weights(opened.weights_text);
    return opened;
}

involute_status try_create_model(involute_model_options options, const std::string &schedule,
                                 const Tuning &tuning, ModelHandle *model) {
    const auto create = [&](const std::string &from) {
        options.struct_size = sizeof options;
        options.schedule = from.c_str();
        involute_model *created = nullptr;
        const involute_status status = involute_model_create(&options, &created);
        model->reset(created);
        return status;
    };
    if (schedule == kSpecialised || schedule == kTuned) { // rows are chosen when it is made
        const involute_status status = create(kHand);
        if (status.code != INVOLUTE_OK)
            return status;
        const Json plan = plan_of(model->get(), tuning);
        provide_packs(pack_requests(plan, schedule, tuning));
    }
    return create(schedule);
}

void create_model(involute_isa isa, const std::string &schedule, Model *model) {
    involute_model_options options = {};
    options.architecture = model->architecture.c_str();
    options.weights = model->weights.get();
    options.isa = isa;
    options.dtype = INVOLUTE_F32;
    const std::string weights =
        model->weights_text.empty() ? "" : " with weights " + model->weights_text;
    require(try_create_model(options, schedule, model->tuning, &model->model),
            model->label + weights);
    model->weights.reset();
    model->json = Json::parse(involute_model_json(model->model.get()));
}

Size default_size(const Model &model) {
    return size_for(model.json);
}

Session make_session(const Model &model, involute_session_options options) {
    options.struct_size = sizeof options;
    involute_session *created = nullptr;
    require(involute_session_create(model.model.get(), &options, &created),
            model.label + " at --size " + size_text({options.height, options.width}) +
                ", --batch " + std::to_string(options.batch));
    Session session;
    session.handle.reset(created);
    session.json = Json::parse(involute_session_json(created));
    return session;
}

Session create_session(const Model &model, involute_session_options options) {
    const Json json = Json::parse(involute_model_json(model.model.get()));
    const std::string schedule = json.at("schedule");
    if (schedule != kHand && schedule != kSpecialised && options.plan_only == 0) {
        options.plan_only = 1;
        provide_packs(pack_requests(make_session(model, options).json, schedule, model.tuning));
        options.plan_only = 0;
    }
    return make_session(model, options);
}

Session create_session(const Model &model, int64_t batch, Size size, int threads, bool features) {
    involute_session_options options = {};
    options.batch = batch;
    options.height = size.height;
    options.width = size.width;
    options.threads = threads;
    options.features = features;
    return create_session(model, options);
}

std::vector<Tensor> make_tensors(const Json &ports, Order order) {
    std::vector<Tensor> tensors;
    for (const Json &port : ports)
        tensors.emplace_back(port.at("name").get<std::string>(),
                             port.at("shape").get<std::vector<int64_t>>(), order);
    return tensors;
}

std::vector<involute_named_tensor> named(const std::vector<Tensor> &tensors) {
    std::vector<involute_named_tensor> list;
    for (const Tensor &tensor : tensors)
        list.push_back(tensor.named());
    return list;
}

} // namespace involute
