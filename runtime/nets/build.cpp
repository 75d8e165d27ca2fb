// Text -> table -> layers with folded weights, one layer in memory at a time. The table is walked
// twice: first without reading, so that an absurd size is refused before any of it is allocated.
#include "nets/build.h"

#include <cctype>
#include <new>

#include "io/json_fields.h"
#include "nets/parameters.h"
#include "nets/single_op.h"

namespace involute {

namespace {

constexpr int64_t kMaxParameters = int64_t(1) << 30; // 4 GiB of float32

// The stem of detection and segmentation backbones is 7x7, else the same: the rows of its kernel
// generation, K*K*G, tell.
Status infer_stem_kernel(ParameterReader *reader, Architecture *architecture) {
    std::vector<int64_t> shape;
    if (!architecture->involution || architecture->stem_kernel_set ||
        !reader->shape_of(kStemGenerationWeight, &shape))
        return {};
    const int64_t groups =
        architecture->stem_channels / 2 / architecture->group(architecture->stem_channels / 2);
    for (int64_t kernel = 1; kernel <= 255; kernel += 2) {
        if (shape[0] == kernel * kernel * groups) {
            architecture->stem_kernel = kernel;
            return {};
        }
    }
    return Status::error(
        INVOLUTE_INVALID_FILE, "%s: expected K*K*%lld rows for an odd stem_kernel K, found %lld",
        kStemGenerationWeight, static_cast<long long>(groups), static_cast<long long>(shape[0]));
}

Status network(const std::string &text, ParameterReader *reader, Table *table, std::string *json) {
    Architecture architecture;
    INVOLUTE_RETURN_IF_ERROR(parse_architecture(text, &architecture));
    INVOLUTE_RETURN_IF_ERROR(infer_stem_kernel(reader, &architecture));
    *table = architecture.involution ? rednet_table(architecture) : resnet_table(architecture);
    *json = architecture_json(architecture);
    return {};
}

Status single(const std::string &text, Table *table, std::string *json) {
    SingleOp op;
    INVOLUTE_RETURN_IF_ERROR(parse_single_op(text, &op));
    *table = single_op_table(op);
    *json = single_op_json(op);
    return {};
}

// Names and texts that name a network kind go to the architecture parser; so does what is broken.
bool is_network(const std::string &text) {
    JsonFields fields;
    std::string kind;
    if (!fields.parse(text, "").ok() || !fields.string("kind", &kind).ok())
        return true;
    return kind.compare(0, 6, "rednet") == 0 || kind.compare(0, 6, "resnet") == 0;
}

Status check_parameters(const Table &table, bool has_weights, int64_t *parameters) {
    ParameterReader counter(nullptr, "");
    LayerWeights nothing;
    for (const Row &row : table.rows)
        INVOLUTE_RETURN_IF_ERROR(counter.read(row, &nothing));
    *parameters = counter.parameters();
    if (*parameters > kMaxParameters)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "architecture: has %lld parameters, at most %lld are supported",
                             static_cast<long long>(*parameters),
                             static_cast<long long>(kMaxParameters));
    if (*parameters > 0 && !has_weights)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "weights: expected a source of %lld parameters, found none",
                             static_cast<long long>(*parameters));
    return {};
}

std::string described(const std::string &json, const Table &table, int64_t parameters) {
    nlohmann::ordered_json all = nlohmann::ordered_json::parse(json);
    const auto names = [&](const std::vector<int> &ids) {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (int id : ids)
            list.push_back(table.tensors[static_cast<size_t>(id)].name);
        return list;
    };
    all["parameters"] = parameters;
    all["inputs"] = names(table.inputs);
    all["outputs"] = names(table.outputs);
    return all.dump();
}

Status build(const std::string &text, const involute_weights *weights, const std::string &prefix,
             LayerSink *sink, Graph *graph) {
    ParameterReader reader(weights, prefix);
    Table table;
    std::string json;
    INVOLUTE_RETURN_IF_ERROR(is_network(text) ? network(text, &reader, &table, &json)
                                              : single(text, &table, &json));
    int64_t parameters = 0;
    INVOLUTE_RETURN_IF_ERROR(check_parameters(table, weights != nullptr, &parameters));

    Graph built;
    for (const Row &row : table.rows) {
        LayerWeights layer;
        INVOLUTE_RETURN_IF_ERROR(reader.read(row, &layer));
        INVOLUTE_RETURN_IF_ERROR(sink->add(row.layer, std::move(layer)));
        built.layers.push_back(row.layer);
    }
    built.json = described(json, table, parameters);
    built.tensors = std::move(table.tensors);
    built.inputs = std::move(table.inputs);
    built.outputs = std::move(table.outputs);
    *graph = std::move(built);
    return {};
}

} // namespace

Status build_graph(const std::string &architecture_text, const involute_weights *weights,
                   const std::string &prefix, LayerSink *sink, Graph *graph) {
    try {
        return build(architecture_text, weights, prefix, sink, graph);
    } catch (const std::bad_alloc &) {
        return Status::error(INVOLUTE_OUT_OF_MEMORY, "architecture: not enough memory for it");
    } catch (const std::exception &problem) {
        return Status::error(INVOLUTE_INTERNAL, "architecture: %.400s", problem.what());
    }
}

} // namespace involute
