// Cutting layers out of tables. A layer becomes a graph of its own whose tensors keep their kind.
#include "tests/perf/counted/cases.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/checked_size.h"
#include "core/tensor_layout.h"
#include "nets/architecture.h"
#include "nets/single_op.h"
#include "nets/table.h"

namespace involute::perf {
namespace {

constexpr const char *kNetworks[] = {"rednet50", "resnet50"};
constexpr int64_t kNetworkSize = 224;

struct SingleCase {
    const char *op; // JSON
    int64_t size;   // height and width
};

// Widths that no tile divides, and the rows that no network takes. A row without a case fails
// tests/perf/instruction_counts_test.cpp: add one here.
constexpr SingleCase kSingleCases[] = {
    {R"({"kind":"involution","channels":64})", 5},
    {R"({"kind":"involution","channels":64})", 13},
    {R"({"kind":"involution","channels":64})", 20},
    {R"({"kind":"involution","channels":64})", 57},
    {R"({"kind":"involution","channels":64,"kernel":3,"stride":2})", 28},
    {R"({"kind":"involution","channels":64,"stride":3})", 28},
    {R"({"kind":"involution","channels":64,"kernel":3,"reduction":0})", 14},
    {R"({"kind":"involution","channels":64,"kernel":3,"reduction":0,"stride":2})", 28},
    {R"({"kind":"involution","channels":64,"reduction":0})", 14},
    {R"({"kind":"involution","channels":64,"reduction":0,"stride":2})", 28},
    {R"({"kind":"kernel_generation","channels":128})", 14},
    {R"({"kind":"kernel_generation","channels":128,"stride":2})", 28},
    {R"({"kind":"kernel_generation","channels":128,"reduction":0})", 14},
    {R"({"kind":"kernel_generation","channels":128,"reduction":0,"stride":2})", 28},
    {R"({"kind":"aggregation","channels":128,"kernel":3})", 14},
    {R"({"kind":"aggregation","channels":128,"kernel":3,"stride":2})", 28},
    {R"({"kind":"aggregation","channels":128})", 14},
    {R"({"kind":"aggregation","channels":128,"stride":2})", 28},
    {R"({"kind":"avg_pool","channels":128,"stride":2})", 28},
    {R"({"kind":"conv2d","channels":64,"groups":64})", 28},
    {R"({"kind":"conv2d","channels":64,"groups":4})", 14},
    {R"({"kind":"max_pool","channels":72,"stride":2})", 28},
    {R"({"kind":"avg_pool","channels":72,"stride":2})", 28},
    {R"({"kind":"global_pool","channels":72})", 28},
    {R"({"kind":"kernel_generation","channels":72,"kernel":3,"group_channels":8})", 14},
    {R"({"kind":"kernel_generation","channels":72,"kernel":3,"group_channels":8,"reduction":0})",
     14},
    {R"({"kind":"aggregation","channels":64,"kernel":5})", 28},
    {R"({"kind":"aggregation","channels":64,"kernel":5,"group_channels":8})", 28},
    {R"({"kind":"aggregation","channels":32,"kernel":3,"group_channels":4})", 28},
    {R"({"kind":"aggregation","channels":16,"kernel":3,"group_channels":1})", 28},
    {R"({"kind":"aggregation","channels":16,"kernel":3,"group_channels":2})", 28},
    {R"({"kind":"aggregation","channels":64,"kernel":5,"group_channels":64,"upsample":2})", 14},
    {R"({"kind":"aggregation","channels":64,"kernel":7,"group_channels":32,"border":"clamp"})", 14},
    {R"({"kind":"involution","channels":64,"kernel":5,"group_channels":8})", 14},
    {R"({"kind":"involution","channels":64,"kernel":5,"group_channels":8,"reduction":0})", 14},
    {R"({"kind":"softmax","channels":64})", 14},
    {R"({"kind":"local","channels":32,"height":7,"width":7})", 7},
    {R"({"kind":"local","channels":64,"groups":64,"height":14,"width":14})", 14},
    {R"({"kind":"aggregation_grad_input","channels":128})", 14},
    {R"({"kind":"aggregation_grad_input","channels":128,"stride":2})", 28},
    {R"({"kind":"aggregation_grad_input","channels":96,"kernel":5,"group_channels":12})", 14},
    {R"({"kind":"aggregation_grad_input","channels":128,"kernel":3})", 14},
    {R"({"kind":"aggregation_grad_weight","channels":128})", 14},
    {R"({"kind":"aggregation_grad_weight","channels":128,"stride":2})", 28},
    {R"({"kind":"aggregation_grad_weight","channels":96,"kernel":5,"group_channels":12})", 14},
    {R"({"kind":"aggregation_grad_weight","channels":128,"kernel":3})", 14},
    {R"({"kind":"involution_grad_input","channels":64,"stride":2})", 28},
};

std::string name_of(const LayerSpec &layer, int64_t height, int64_t width) {
    const KernelSize &size = layer.kernel;
    const std::string kernel =
        (size.is_square() ? "" : std::to_string(size.height) + "x") + std::to_string(size.width);
    const std::string stride = std::to_string(layer.stride);
    std::string name = op_name(layer.op);
    if (layer.op != Op::kDense && layer.op != Op::kGlobalPool)
        name += "/k" + kernel + "s" + stride;
    name += "/" + std::to_string(layer.in_channels);
    if (layer.op == Op::kConv2d || layer.op == Op::kLocal || layer.op == Op::kDense)
        name += "-" + std::to_string(layer.out_channels);
    name += "/" + std::to_string(height) + "x" + std::to_string(width);
    if (layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration)
        name += layer.hidden > 0 ? "/h" + std::to_string(layer.hidden) : "/single";
    if (layer.group_channels != 16)
        name += "/g" + std::to_string(layer.group_channels);
    if (layer.groups > 1)
        name += "/groups" + std::to_string(layer.groups);
    if (layer.upsample > 1)
        name += "/up" + std::to_string(layer.upsample);
    if (layer.border == Border::kClamp)
        name += "/clamp";
    return name + (layer.residual >= 0 ? "/residual" : "");
}

Graph cut_out(const Table &table, const LayerSpec &layer) {
    Graph graph;
    const auto add = [&](int tensor, const char *name) {
        if (tensor < 0)
            return -1;
        graph.tensors.push_back(table.tensors[static_cast<size_t>(tensor)]);
        graph.tensors.back().name = name;
        return static_cast<int>(graph.tensors.size()) - 1;
    };
    LayerSpec own = layer;
    own.input = add(layer.input, "input");
    own.residual = add(layer.residual, "residual");
    own.kernels = add(layer.kernels, "kernels");
    own.grad = add(layer.grad, "grad_output");
    for (int tensor : {own.input, own.residual, own.kernels, own.grad}) {
        if (tensor >= 0)
            graph.inputs.push_back(tensor);
    }
    own.output = add(layer.output, "output");
    graph.outputs = {own.output};
    graph.layers = {own};
    graph.json = "{}";
    return graph;
}

// Appends the layers of `table` whose names are new, or only those whose rows are.
Status add_layers(const Table &table, int64_t height, int64_t width, involute_isa isa,
                  bool new_rows_only, std::set<std::string> *names, std::vector<Case> *cases) {
    Graph all;
    all.tensors = table.tensors, all.inputs = table.inputs, all.outputs = table.outputs;
    std::vector<const KernelEntry *> kernels;
    std::vector<int> packing;
    for (const Row &row : table.rows) {
        const KernelEntry *kernel = nullptr;
        INVOLUTE_RETURN_IF_ERROR(choose_kernel(kernel_table(), isa, row.layer, &kernel, nullptr));
        kernels.push_back(kernel);
        packing.push_back(kernel->packing);
        all.layers.push_back(row.layer);
    }
    std::vector<TensorLayout> layouts;
    INVOLUTE_RETURN_IF_ERROR(infer_layouts(all, packing, 1, height, width, &layouts));
    for (size_t i = 0; i < table.rows.size(); ++i) {
        const LayerSpec &layer = table.rows[i].layer;
        const int sized = goes_back(layer.op) ? layer.output : layer.input;
        const TensorLayout &in = layouts[static_cast<size_t>(sized)];
        Case one;
        one.name = name_of(layer, in.height, in.width);
        const bool known_row = std::any_of(cases->begin(), cases->end(), [&](const Case &other) {
            return other.row == kernels[i]->row;
        });
        if ((new_rows_only && known_row) || !names->insert(one.name).second)
            continue;
        one.graph = cut_out(table, layer);
        one.height = in.height, one.width = in.width;
        one.work = layer_macs(layer, layouts[static_cast<size_t>(layer.output)]);
        one.work = std::max(one.work, in.elements());
        one.row = kernels[i]->row;
        cases->push_back(std::move(one));
    }
    return Status();
}

std::vector<Case> smallest_of_each_row(std::vector<Case> cases) {
    std::map<std::string, int64_t> least;
    for (const Case &one : cases) {
        const auto found = least.emplace(one.row, one.work).first;
        found->second = std::min(found->second, one.work);
    }
    std::vector<Case> kept;
    for (Case &one : cases) {
        const auto found = least.find(one.row);
        if (found == least.end() || found->second != one.work)
            continue;
        least.erase(found); // the first of equals
        kept.push_back(std::move(one));
    }
    return kept;
}

std::vector<float> zeros(int64_t a, int64_t b, int64_t c = 1) {
    return std::vector<float>(static_cast<size_t>(a * b * c));
}

LayerWeights zero_weights(const LayerSpec &layer) {
    LayerWeights weights;
    const int64_t taps = layer.kernel.taps();
    switch (layer.op) {
    case Op::kConv2d:
        weights.weight = zeros(layer.out_channels, layer.in_channels / layer.groups, taps);
        break;
    case Op::kLocal:
        weights.weight = zeros(layer.out_channels, layer.in_channels / layer.groups,
                               taps * ceil_div(layer.height, layer.stride) *
                                   ceil_div(layer.width, layer.stride));
        break;
    case Op::kDense:
        weights.weight = zeros(layer.out_channels, layer.in_channels);
        break;
    case Op::kInvolution:
    case Op::kKernelGeneration:
        if (layer.hidden > 0)
            weights.reduce_weight = zeros(layer.hidden, layer.in_channels);
        weights.weight = zeros(taps, layer.in_channels / layer.group_channels,
                               layer.hidden > 0 ? layer.hidden : layer.in_channels);
        break;
    default: // pools have none, the scale and shift of an aggregation are optional
        break;
    }
    return weights;
}

} // namespace

Status list_cases(involute_isa isa, bool smallest_only, std::vector<Case> *cases) {
    std::set<std::string> names;
    cases->clear();
    for (const char *network : kNetworks) {
        Architecture architecture;
        INVOLUTE_RETURN_IF_ERROR(parse_architecture(network, &architecture));
        const Table table =
            architecture.involution ? rednet_table(architecture) : resnet_table(architecture);
        INVOLUTE_RETURN_IF_ERROR(
            add_layers(table, kNetworkSize, kNetworkSize, isa, false, &names, cases));
    }
    for (const SingleCase &single : kSingleCases) {
        SingleOp op;
        INVOLUTE_RETURN_IF_ERROR(parse_single_op(single.op, &op));
        INVOLUTE_RETURN_IF_ERROR(add_layers(single_op_table(op), single.size, single.size, isa,
                                            op.composite != Composite::kNone, &names, cases));
    }
    if (smallest_only)
        *cases = smallest_of_each_row(std::move(*cases));
    return Status();
}

Status make_model(const Case &one, KernelTable table, involute_isa isa,
                  std::shared_ptr<const Model> *model) {
    const LayerSpec &layer = one.graph.layers[0];
    PackingSink sink(table, isa);
    INVOLUTE_RETURN_IF_ERROR(sink.add(layer, zero_weights(layer)));
    auto built = std::make_shared<Model>();
    built->graph = one.graph;
    built->isa = isa;
    built->json = "{}";
    std::tie(built->layers, built->memory) = sink.take();
    *model = std::move(built);
    return Status();
}

} // namespace involute::perf
