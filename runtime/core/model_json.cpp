// What involute_model_json says: the description that nets/ made, with the instruction set and the
// rows that core/ chose.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/isa.h"
#include "core/model.h"

namespace involute {

Status describe_model(const Model &model, std::string *json) {
    using Json = nlohmann::ordered_json;
    Json text = Json::parse(model.graph.json, nullptr, false);
    if (!text.is_object())
        return Status::error(INVOLUTE_INTERNAL, "architecture: its description is no JSON object");
    text["isa"] = isa_name(model.isa);
    text["schedule"] = model.schedule;
    Json rows = Json::array();
    for (const PackedLayer &layer : model.layers) {
        const Json row = {{"row", layer.kernel->row}, {"isa", isa_name(layer.kernel->isa)}};
        if (std::find(rows.begin(), rows.end(), row) == rows.end())
            rows.push_back(row);
    }
    text["rows"] = rows;
    *json = text.dump(-1, ' ', false, Json::error_handler_t::replace);
    return Status();
}

} // namespace involute
