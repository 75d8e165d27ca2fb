// From the texts of --model and --weights to a model: names, files, the embedded digits, operators.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "autotune/wisdom.h"
#include "handles.h"
#include "options.h"

namespace involute {

using Json = nlohmann::ordered_json;

// What the tuned schedule of a model needs to know; rows are chosen when the model is made, by the
// first session that it will have. And what an autoscheduler is told beyond the usual.
struct Tuning {
    std::shared_ptr<const autotune::Wisdom> wisdom; // nullptr: none, as if all were by hand
    std::string search;                             // "beam_size=1,..."
    Size size;                                      // 0x0: what suits the model
    int64_t batch = 1;
    int threads = 1;
};

struct Model {
    std::string label;        // what a row says: the name or file given
    std::string architecture; // "" while the weights' metadata tell it
    std::string weights_text; // as it would be given: a file, "synthetic:0", "" for the embedded
    WeightsHandle weights;    // dropped by create_model
    ModelHandle model;
    Json json; // involute_model_json
    Tuning tuning;
};

// The weights of rednet-digits, out of the executable.
WeightsHandle embedded_weights();

// A file, or synthetic[:SEED].
WeightsHandle open_weights(const std::string &text);

// Reads names and opens files, so that a mistake is found before any work. `model` and `weights`
// may be empty: both mean rednet-digits; only the weights: the architecture in their metadata; only
// the model: synthetic:0 (rednet-digits has its own).
Model open_model(const std::string &model, const std::string &weights);

// An operator, described as JSON; `weights` as above. `size`, when it is given, is that of the only
// input which the weights of a local layer are for.
Model open_operator(Json description, const std::string &weights, Size size);

// 56x56 where none is given; a dense layer has one pixel.
Size operator_size(const std::string &kind, Size given);

// involute_model_create; `options` without struct_size and schedule.
involute_status try_create_model(involute_model_options options, const std::string &schedule,
                                 const Tuning &tuning, ModelHandle *model);

// Builds it; stops, naming model and weights, when they do not fit.
void create_model(involute_isa isa, const std::string &schedule, Model *model);

// The size that pictures are prepared to, or 224x224.
Size default_size(const Model &model);

struct Session {
    SessionHandle handle;
    Json json; // involute_session_json
};
// struct_size is filled in. For another schedule than hand the packs that the layers need are built
// and registered before.
Session create_session(const Model &model, involute_session_options options);
Session create_session(const Model &model, int64_t batch, Size size, int threads,
                       bool features = false);

// The tensors of json["inputs"] or json["outputs"].
std::vector<Tensor> make_tensors(const Json &ports, Order order);
std::vector<involute_named_tensor> named(const std::vector<Tensor> &tensors);

// The operators that the options describe, one for every combination in the order given. An option
// must fit at least one of the operators; the others go without it.
std::vector<Json> operator_descriptions(const RawOperator &raw);

// Whether an operator of that kind has the setting ("group_channels").
bool operator_takes(const std::string &kind, const std::string &key);

} // namespace involute
