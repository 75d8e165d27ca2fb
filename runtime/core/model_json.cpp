// What involute_model_json says: the description that nets/ made, with the instruction set that
// core/ chose.
#include <nlohmann/json.hpp>

#include "core/isa.h"
#include "core/model.h"

namespace involute {

Status describe_model(const Graph &graph, involute_isa isa, std::string *json) {
    using Json = nlohmann::ordered_json;
    Json text = Json::parse(graph.json, nullptr, false);
    if (!text.is_object())
        return Status::error(INVOLUTE_INTERNAL, "architecture: its description is no JSON object");
    text["isa"] = isa_name(isa);
    *json = text.dump(-1, ' ', false, Json::error_handler_t::replace);
    return Status();
}

} // namespace involute
