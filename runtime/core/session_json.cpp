// What involute_session_json says: sizes, memory, and why each layer runs as it does. Written once,
// when the session is made.
#include <nlohmann/json.hpp>

#include "core/isa.h"
#include "core/layer_cost.h"
#include "core/session.h"

namespace involute {

std::string Session::describe() const {
    using Json = nlohmann::ordered_json;
    const Graph &graph = model_->graph;
    const TensorLayout &input = layout(graph.inputs[0]);

    Json layers = Json::array();
    int64_t macs = 0;
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        const PackedLayer &packed = model_->layers[i];
        const TensorLayout &output = layout(layer.output);
        const int64_t layer_macs_all = layer_macs(layer, output);
        macs += layer_macs_all;
        const int64_t computed = computed_macs(layer, *packed.kernel, calls_[i]->partition, output);
        const double tail =
            computed > 0 ? 1 - static_cast<double>(layer_macs_all) / static_cast<double>(computed)
                         : 0;
        const auto of = [this](int tensor) { return tensor < 0 ? nullptr : &layout(tensor); };
        const LayerLayouts layouts = {of(layer.input), of(layer.residual), of(layer.kernels),
                                      of(layer.output), of(layer.grad)};
        layers.push_back(
            {{"name", layer.name},
             {"op", op_name(layer.op)},
             {"row", packed.kernel->row},
             {"form", form_name(packed.kernel->form)},
             {"kernel", layer.kernel.is_square() ? Json(layer.kernel.width)
                                                 : Json{layer.kernel.height, layer.kernel.width}},
             {"stride", layer.stride},
             {"in_channels", layer.in_channels},
             {"out_channels", layer.out_channels},
             {"groups", layer.groups},
             {"group_channels", layer.group_channels},
             {"hidden", layer.hidden},
             {"dilation", layer.dilation},
             {"upsample", layer.upsample},
             {"generic", packed.kernel->is_generic()},
             {"packing", packed.kernel->packing},
             {"macs", layer_macs_all},
             {"computed_macs", computed},
             {"tail", tail},
             {"input_shape", layouts.input->public_shape()},
             {"shape", output.public_shape()},
             {"symbol", packed.kernel->symbol},
             {"isa", isa_name(packed.kernel->isa)},
             {"call", calls_[i]->call.text()},
             {"why", packed.why},
             {"tasks", calls_[i]->partition.tasks},
             {"bytes", moved_bytes(layer, packed, layouts)},
             {"weight_bytes", packed.bytes()},
             {"activation_bytes", output.elements() * int64_t{sizeof(float)}}});
    }
    const auto ports = [this](const std::vector<Port> &list) {
        Json result = Json::array();
        for (const Port &port : list)
            result.push_back({{"name", port.name}, {"shape", layout(port.tensor).public_shape()}});
        return result;
    };
    size_t tables = 0;
    for (const auto &[stride, table] : reciprocals_)
        tables += table.bytes();
    const size_t scratch = caller_scratch_ + worker_scratch_ * (static_cast<size_t>(threads_) - 1);
    const Json memory = {
        {"weights", model_->weight_bytes()},
        {"activations", plan_.bytes},
        {"activations_without_sharing", plan_.bytes_unshared},
        {"activations_lower_limit", plan_.bytes_most_alive},
        {"scratch", scratch},
        {"tables", tables},
        {"total", model_->weight_bytes() + static_cast<size_t>(plan_.bytes) + scratch + tables}};
    Json all = {
        {"batch", input.batch}, {"height", input.height},       {"width", input.width},
        {"threads", threads_},  {"isa", isa_name(model_->isa)}, {"macs", macs},
        {"memory", memory},     {"inputs", ports(inputs_)},     {"outputs", ports(outputs_)},
        {"layers", layers}};
    if (cut_for_.threads != threads_)
        all["simulated_threads"] = cut_for_.threads;
    return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace involute
