// Creation of models: checks of the options, choice of the instruction set, the architecture's
// layers into a sink that packs them.
#include "core/model.h"

#include <cstring>
#include <tuple>

#include "core/isa.h"
#include "core/log.h"
#include "core/registered.h"
#include "core/tensor_view.h"
#include "io/weights.h"
#include "nets/build.h"

namespace involute {
namespace {

Status check_dtype(involute_dtype dtype) {
    if (dtype == INVOLUTE_F32)
        return Status();
    const char *name = dtype_name(dtype);
    if (std::strcmp(name, "unknown") == 0) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "dtype: expected f32 (0), got value %d",
                             static_cast<int>(dtype));
    }
    return Status::error(INVOLUTE_UNSUPPORTED, "dtype: this library has kernels for f32, not %s",
                         name);
}

Status check_schedule(const char *schedule) {
    if (!schedule || std::strcmp(schedule, "hand") == 0)
        return Status();
    if (has_schedule(schedule))
        return Status();
    for (const char *known : {"tuned", "specialised", "naive", "own", "mullapudi2016", "adams2019",
                              "li2018", "anderson2021"}) {
        if (std::strcmp(schedule, known) == 0)
            return Status(); // kernels are looked for when a session is created
    }
    return Status::error(
        INVOLUTE_INVALID_ARGUMENT,
        "schedule: expected hand, tuned, specialised, naive, mullapudi2016, adams2019, li2018 "
        "or anderson2021, got '%.100s'",
        schedule);
}

Status architecture_text(const involute_model_options &options, std::string *text) {
    if (options.architecture && *options.architecture) {
        *text = options.architecture;
        return Status();
    }
    const char *stored = options.weights ? options.weights->metadata("architecture") : nullptr;
    if (!stored) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "architecture: expected a name or JSON, since the weights carry none");
    }
    *text = stored;
    return Status();
}

void log_model(const Model &model, const IsaSituation &situation) {
    involute_isa ignored;
    const std::string &cap = situation.environment_text;
    if (!cap.empty() && !isa_from_name(cap.c_str(), &ignored))
        log(INVOLUTE_LOG_WARNING, "INVOLUTE_MAX_ISA=%.32s names no instruction set and is ignored",
            cap.c_str());
    log(INVOLUTE_LOG_INFO, "model: %zu layers for %s, %zu bytes of packed weights",
        model.layers.size(), isa_name(model.isa), model.weight_bytes());
    for (size_t i = 0; i < model.layers.size() && log_wanted(INVOLUTE_LOG_DEBUG); ++i) {
        const PackedLayer &layer = model.layers[i];
        log(INVOLUTE_LOG_DEBUG, "layer '%s': %s, %s", model.graph.layers[i].name.c_str(),
            layer.kernel->symbol, layer.why.c_str());
    }
}

} // namespace

size_t PackedLayer::bytes() const {
    return weight.bytes() + bias.bytes() + reduce_weight.bytes() + reduce_bias.bytes() +
           scale.bytes() + shift.bytes() + zeros.bytes();
}

size_t Model::weight_bytes() const {
    size_t bytes = 0;
    for (const PackedLayer &layer : layers)
        bytes += layer.bytes();
    return bytes;
}

std::vector<int> Model::packing() const {
    std::vector<int> packing;
    for (const PackedLayer &layer : layers)
        packing.push_back(layer.kernel->packing);
    return packing;
}

Status create_model(const involute_model_options &options, std::shared_ptr<const Model> *model) {
    INVOLUTE_RETURN_IF_ERROR(check_dtype(options.dtype));
    INVOLUTE_RETURN_IF_ERROR(check_schedule(options.schedule));
    const IsaSituation situation = isa_situation();
    INVOLUTE_RETURN_IF_ERROR(isa_check(situation, options.isa));
    std::string text;
    INVOLUTE_RETURN_IF_ERROR(architecture_text(options, &text));

    auto built = std::make_shared<Model>();
    built->isa = options.isa == INVOLUTE_ISA_AUTO ? isa_best(situation, nullptr) : options.isa;
    PackingSink sink(kernel_table(), built->isa, current_allocator());
    if (options.schedule) {
        built->schedule = options.schedule;
        sink.use_schedule(options.schedule);
    }
    INVOLUTE_RETURN_IF_ERROR(build_graph(text, options.weights,
                                         options.weights_prefix ? options.weights_prefix : "",
                                         &sink, &built->graph));
    std::tie(built->layers, built->memory) = sink.take();
    if (built->layers.size() != built->graph.layers.size()) {
        return Status::error(INVOLUTE_INTERNAL, "architecture: %zu layers announced, %zu delivered",
                             built->graph.layers.size(), built->layers.size());
    }
    if (is_device(built->isa)) {
        built->device = DeviceMirror(built->isa);
        for (const AlignedFloats &chunk : built->memory.chunks()) {
            INVOLUTE_RETURN_IF_ERROR(built->device.add(chunk.data(), chunk.size(), "weights"));
            INVOLUTE_RETURN_IF_ERROR(built->device.upload(chunk.data(), chunk.size()));
        }
        // Streams of sessions may not wait for the one of these copies.
        INVOLUTE_RETURN_IF_ERROR(built->device.synchronise());
    }
    INVOLUTE_RETURN_IF_ERROR(describe_model(*built, &built->json));
    log_model(*built, situation);
    *model = std::move(built);
    return Status();
}

} // namespace involute
