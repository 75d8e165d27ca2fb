// Graphs as built: parameters and MACs of the ten networks, the tensors they read, the spellings of
// checkpoints, and every error. graph_values_test.cpp has what the graphs compute.
#include "nets/build.h"

#include <gtest/gtest.h>

#include <set>

#include "core/tensor_layout.h"
#include "fake_weights.h"

namespace involute {
namespace {

const std::string kReference = std::string(INVOLUTE_SOURCE_DIR) + "/tests/reference/";

const FakeWeights &tiny() {
    static const FakeWeights weights = FakeWeights::from_file(kReference + "tiny.safetensors");
    return weights;
}

// The tiny network's parameters without its inputs and results.
FakeWeights tiny_parameters() {
    FakeWeights weights;
    for (const auto &[name, tensor] : tiny().tensors)
        if (name.find('/') == std::string::npos)
            weights.tensors[name] = tensor;
    return weights;
}

constexpr const char *kTiny = R"({"kind":"rednet","depth":26,"classes":10,"base_channels":16,
                                  "stem_channels":32})";

FakeWeights synthetic() {
    FakeWeights weights;
    weights.synthetic = true;
    return weights;
}

std::string build_error(const std::string &text, const involute_weights *weights,
                        involute_code code, const std::string &prefix = "") {
    RecordingSink sink;
    Graph graph;
    graph.json = "untouched";
    const Status status = build_graph(text, weights, prefix, &sink, &graph);
    EXPECT_EQ(status.code(), code) << text << ": " << status.message();
    EXPECT_EQ(graph.json, "untouched");
    return status.message();
}

struct Cost {
    int64_t windows = 0, points = 0, generation = 0, aggregation = 0, dense = 0;
    int64_t sum() const {
        return windows + points + generation + aggregation + dense;
    }
};

// By the sizes and the counting that sessions use, at batch 1.
Cost macs_at(const Graph &graph, int64_t size) {
    Cost cost;
    std::vector<TensorLayout> layouts;
    const std::vector<int> packing(graph.layers.size(), 16);
    const Status status = infer_layouts(graph, packing, 1, size, size, &layouts);
    EXPECT_TRUE(status.ok()) << status.message();
    if (!status.ok())
        return cost;
    for (const LayerSpec &layer : graph.layers) {
        const TensorLayout &output = layouts[static_cast<size_t>(layer.output)];
        const int64_t macs = layer_macs(layer, output);
        if (layer.op == Op::kInvolution) {
            LayerSpec alone = layer;
            alone.op = Op::kAggregation;
            const int64_t aggregation = layer_macs(alone, output);
            cost.aggregation += aggregation;
            cost.generation += macs - aggregation;
        } else if (layer.op == Op::kDense) {
            cost.dense += macs;
        } else {
            (layer.kernel.taps() == 1 ? cost.points : cost.windows) += macs;
        }
    }
    return cost;
}

TEST(BuildGraph, ParametersAndMacsOfTheTenNetworks) {
    const struct {
        const char *name;
        int64_t parameters, macs, windows, points, generation, aggregation;
    } table[] = {
        {"rednet26", 9233166, 1685176832, 242049024, 1297350656, 109383680, 34345472},
        {"rednet38", 12386986, 2166841344, 242049024, 1708392448, 161566720, 52785152},
        {"rednet50", 15540806, 2648505856, 242049024, 2119434240, 213749760, 71224832},
        {"rednet101", 25652950, 4659008000, 242049024, 3866361856, 435527680, 113021440},
        {"rednet152", 33984582, 6679344640, 242049024, 5613289472, 657305600, 164652544},
        {"resnet26", 13696552, 2342256640, 1042857984, 1297350656, 0, 0},
        {"resnet38", 19626792, 3215720448, 1505280000, 1708392448, 0, 0},
        {"resnet50", 25557032, 4089184256, 1967702016, 2119434240, 0, 0},
        {"resnet101", 44549160, 7801405440, 3932995584, 3866361856, 0, 0},
        {"resnet152", 60192808, 11513626624, 5898289152, 5613289472, 0, 0},
    };
    for (const auto &row : table) {
        const FakeWeights weights = synthetic();
        RecordingSink sink;
        sink.keep = false;
        Graph graph;
        const Status status = build_graph(row.name, &weights, "", &sink, &graph);
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_EQ(nlohmann::json::parse(graph.json)["parameters"], row.parameters) << row.name;
        const Cost cost = macs_at(graph, 224);
        EXPECT_EQ(cost.windows, row.windows) << row.name;
        EXPECT_EQ(cost.points, row.points) << row.name;
        EXPECT_EQ(cost.generation, row.generation) << row.name;
        EXPECT_EQ(cost.aggregation, row.aggregation) << row.name;
        EXPECT_EQ(cost.dense, 2048000) << row.name;
        EXPECT_EQ(cost.sum(), row.macs) << row.name;
    }
}

TEST(BuildGraph, SevenBySevenStem) {
    const FakeWeights weights = synthetic();
    RecordingSink sink;
    Graph graph;
    ASSERT_TRUE(
        build_graph(R"({"kind":"rednet","depth":50,"stem_kernel":7})", &weights, "", &sink, &graph)
            .ok());
    EXPECT_EQ(nlohmann::json::parse(graph.json)["parameters"], 15540806 + 720);
    EXPECT_EQ(macs_at(graph, 224).sum(), 2648505856 + 24084480);
}

TEST(BuildGraph, ReadsEveryOfficialTensorOnce) {
    const struct {
        const char *name;
        size_t tensors;
    } counts[] = {{"rednet26", 211}, {"rednet50", 379}, {"resnet50", 267}};
    for (const auto &row : counts) {
        const FakeWeights weights = synthetic();
        RecordingSink sink;
        Graph graph;
        ASSERT_TRUE(build_graph(row.name, &weights, "", &sink, &graph).ok());
        std::set<std::string> names;
        for (const FakeWeights::Read &read : weights.reads)
            names.insert(read.name);
        EXPECT_EQ(names.size(), row.tensors) << row.name;
        EXPECT_EQ(weights.reads.size(), row.tensors) << row.name;
    }

    const FakeWeights weights = tiny_parameters();
    RecordingSink sink;
    Graph graph;
    const Status status = build_graph(kTiny, &weights, "", &sink, &graph);
    ASSERT_TRUE(status.ok()) << status.message();
    std::map<std::string, std::vector<int64_t>> read, official;
    for (const FakeWeights::Read &one : weights.reads)
        read[one.name] = one.shape;
    for (const auto &[name, tensor] : weights.tensors)
        official[name] = tensor.shape;
    EXPECT_EQ(read, official);
}

TEST(BuildGraph, RolesFollowThePortableRule) {
    const FakeWeights weights = synthetic();
    RecordingSink sink;
    Graph graph;
    ASSERT_TRUE(build_graph("rednet26", &weights, "", &sink, &graph).ok());
    for (const FakeWeights::Read &read : weights.reads) {
        const std::string &name = read.name;
        const auto ends = [&](const std::string &end) {
            return name.size() >= end.size() &&
                   name.compare(name.size() - end.size(), end.size(), end) == 0;
        };
        const bool generation = ends("conv2.conv.weight") || ends("conv2.conv.bias");
        const WeightRole expected = ends("conv2.conv.weight") ? WeightRole::kGenerationWeight
                                    : ends("conv2.conv.bias") ? WeightRole::kGenerationBias
                                    : ends(".running_mean")   ? WeightRole::kNormMean
                                    : ends(".running_var")    ? WeightRole::kNormVariance
                                    : name == "head.fc.bias"  ? WeightRole::kBias
                                    : ends(".bias")           ? WeightRole::kNormBias
                                    : read.shape.size() == 1  ? WeightRole::kNormWeight
                                                              : WeightRole::kConv;
        EXPECT_EQ(read.role, expected) << name;
        if (generation) {
            EXPECT_EQ(read.taps, name.find("stem") != std::string::npos ? 9 : 49) << name;
        }
    }
}

TEST(BuildGraph, TensorsAndOrder) {
    const FakeWeights weights = synthetic();
    RecordingSink sink;
    sink.keep = false;
    Graph graph;
    ASSERT_TRUE(build_graph("rednet50", &weights, "", &sink, &graph).ok());
    ASSERT_EQ(sink.layers.size(), graph.layers.size());
    std::set<int> ready(graph.inputs.begin(), graph.inputs.end());
    std::set<std::string> names;
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        EXPECT_EQ(layer.name, sink.layers[i].name);
        EXPECT_TRUE(names.insert(layer.name).second) << layer.name;
        EXPECT_TRUE(ready.count(layer.input)) << layer.name;
        EXPECT_TRUE(layer.residual < 0 || ready.count(layer.residual)) << layer.name;
        EXPECT_TRUE(ready.insert(layer.output).second) << layer.name;
    }
    EXPECT_EQ(ready.size(), graph.tensors.size());

    const auto json = nlohmann::json::parse(graph.json);
    EXPECT_EQ(json["inputs"], nlohmann::json({"input"}));
    EXPECT_EQ(json["outputs"], nlohmann::json({"logits", "stage1", "stage2", "stage3", "stage4"}));
    const int64_t channels[] = {1000, 256, 512, 1024, 2048};
    ASSERT_EQ(graph.outputs.size(), 5u);
    for (size_t i = 0; i < 5; ++i) {
        const TensorSpec &tensor = graph.tensors[static_cast<size_t>(graph.outputs[i])];
        EXPECT_EQ(tensor.name, json["outputs"][i]);
        EXPECT_EQ(tensor.channels, channels[i]);
        EXPECT_EQ(tensor.is_vector, i == 0);
    }
    // The projection is ready before the layer that adds it.
    EXPECT_EQ(graph.layers[6].name, "backbone.layer1.0.downsample");
    EXPECT_FALSE(graph.layers[6].relu);
    EXPECT_EQ(graph.layers[7].name, "backbone.layer1.0.conv3");
    EXPECT_EQ(graph.layers[7].residual, graph.layers[6].output);
}

TEST(BuildGraph, OtherSpellingsOfTheSameCheckpoint) {
    RecordingSink official;
    Graph graph;
    ASSERT_TRUE(build_graph(kTiny, &tiny(), "", &official, &graph).ok());
    for (const std::string start : {"", "module."}) {
        for (const bool bare : {false, true}) {
            FakeWeights renamed;
            for (const auto &[name, tensor] : tiny_parameters().tensors) {
                const size_t dot = bare ? name.find('.') + 1 : 0;
                renamed.tensors["net/" + start + name.substr(dot)] = tensor;
            }
            RecordingSink sink;
            const Status status = build_graph(kTiny, &renamed, "net/", &sink, &graph);
            ASSERT_TRUE(status.ok()) << status.message();
            ASSERT_EQ(sink.weights.size(), official.weights.size());
            for (size_t i = 0; i < sink.weights.size(); ++i)
                EXPECT_EQ(sink.weights[i].weight, official.weights[i].weight);
            // A missing tensor is called as the file would call it.
            const std::string lost =
                "net/" + start + (bare ? "" : "backbone.") + "layer3.1.bn2.bias";
            ASSERT_EQ(renamed.tensors.erase(lost), 1u);
            EXPECT_EQ(build_error(kTiny, &renamed, INVOLUTE_INVALID_FILE, "net/"),
                      lost + ": missing");
        }
    }
}

TEST(BuildGraph, StemKernelComesFromTheWeights) {
    FakeWeights weights = tiny_parameters();
    FakeWeights::Tensor &rows = weights.tensors.at("backbone.stem.1.conv2.conv.weight");
    FakeWeights::Tensor &bias = weights.tensors.at("backbone.stem.1.conv2.conv.bias");
    EXPECT_EQ(rows.shape[0], 9);
    rows.shape[0] = bias.shape[0] = 49;
    rows.values.resize(49 * 4);
    bias.values.resize(49);
    RecordingSink sink;
    Graph graph;
    const Status status = build_graph(kTiny, &weights, "", &sink, &graph);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(graph.layers[1].kernel.taps(), 49);
    EXPECT_EQ(nlohmann::json::parse(graph.json)["stem_kernel"], 7);

    // What the text states holds, and the weights do not fit it.
    std::string stated = kTiny;
    stated.insert(1, R"("stem_kernel":3,)");
    EXPECT_EQ(build_error(stated, &weights, INVOLUTE_INVALID_FILE),
              "backbone.stem.1.conv2.conv.weight: other shape");
    rows.shape[0] = 50;
    EXPECT_EQ(build_error(kTiny, &weights, INVOLUTE_INVALID_FILE),
              "backbone.stem.1.conv2.conv.weight: expected K*K*1 rows for an odd stem_kernel K, "
              "found 50");
}

TEST(BuildGraph, NoProjectionWhereWidthsAgree) {
    const FakeWeights weights = synthetic();
    RecordingSink sink;
    Graph graph;
    ASSERT_TRUE(build_graph(R"({"kind":"rednet","blocks":[1,1,1,1],"base_channels":16})", &weights,
                            "", &sink, &graph)
                    .ok());
    for (const LayerSpec &layer : graph.layers) {
        EXPECT_NE(layer.name, "backbone.layer1.0.downsample");
        if (layer.name == "backbone.layer1.0.conv3") {
            EXPECT_EQ(layer.residual, graph.layers[3].output); // of the max pool
        }
    }
}

TEST(BuildGraph, SingleOperatorsWithoutWeights) {
    for (const char *text :
         {R"({"kind":"max_pool","channels":16})", R"({"kind":"avg_pool","channels":16})",
          R"({"kind":"global_pool","channels":16})", R"({"kind":"aggregation","channels":16})"}) {
        RecordingSink sink;
        Graph graph;
        const Status status = build_graph(text, nullptr, "", &sink, &graph);
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_EQ(nlohmann::json::parse(graph.json)["parameters"], 0);
        EXPECT_EQ(graph.tensors[static_cast<size_t>(graph.outputs[0])].name, "output");
    }
}

TEST(BuildGraph, SingleOperatorsRead) {
    const struct {
        const char *text;
        std::vector<std::string> names;
        std::vector<std::string> inputs;
    } cases[] = {
        {R"({"kind":"conv2d","channels":8,"residual":true})",
         {"p/weight", "p/bias"},
         {"input", "residual"}},
        {R"({"kind":"conv2d","channels":8,"bias":false})", {"p/weight"}, {"input"}},
        {R"({"kind":"dense","channels":8})", {"p/weight", "p/bias"}, {"input"}},
        {R"({"kind":"aggregation","channels":16,"norm":true})",
         {"p/bn.weight", "p/bn.bias", "p/bn.running_mean", "p/bn.running_var"},
         {"input", "kernels"}},
        {R"({"kind":"kernel_generation","channels":16,"reduction":0})",
         {"p/conv2.conv.weight", "p/conv2.conv.bias"},
         {"input"}},
        {R"({"kind":"involution","channels":16,"norm":true})",
         {"p/conv1.conv.weight", "p/conv1.bn.weight", "p/conv1.bn.bias", "p/conv1.bn.running_mean",
          "p/conv1.bn.running_var", "p/conv2.conv.weight", "p/conv2.conv.bias", "p/bn.weight",
          "p/bn.bias", "p/bn.running_mean", "p/bn.running_var"},
         {"input"}},
        {R"({"kind":"local_attention","channels":16})",
         {"p/query.weight", "p/query.bias", "p/key.weight", "p/key.bias", "p/value.weight",
          "p/value.bias"},
         {"input"}},
        {R"({"kind":"local_attention","channels":16,"bias":false})",
         {"p/query.weight", "p/key.weight", "p/value.weight"},
         {"input"}},
    };
    for (const auto &op : cases) {
        const FakeWeights weights = synthetic();
        RecordingSink sink;
        Graph graph;
        ASSERT_TRUE(build_graph(op.text, &weights, "p/", &sink, &graph).ok());
        std::vector<std::string> names;
        for (const FakeWeights::Read &read : weights.reads)
            names.push_back(read.name);
        EXPECT_EQ(names, op.names) << op.text;
        EXPECT_EQ(nlohmann::json::parse(graph.json)["inputs"], nlohmann::json(op.inputs));
    }
}

TEST(BuildGraph, Errors) {
    const FakeWeights any = synthetic();
    EXPECT_EQ(build_error("rednet26", nullptr, INVOLUTE_INVALID_ARGUMENT),
              "weights: expected a source of 9233166 parameters, found none");
    EXPECT_NE(build_error("vgg16", &any, INVOLUTE_INVALID_ARGUMENT).find("unknown name \"vgg16\""),
              std::string::npos);
    EXPECT_NE(build_error("", &any, INVOLUTE_INVALID_ARGUMENT).find("architecture: not valid JSON"),
              std::string::npos);
    EXPECT_NE(build_error(R"({"kind":"gru","channels":4})", &any, INVOLUTE_INVALID_ARGUMENT)
                  .find("operator: kind must be one of rednet, resnet, involution"),
              std::string::npos);
    EXPECT_NE(build_error(R"({"kind":["rednet"]})", &any, INVOLUTE_INVALID_ARGUMENT)
                  .find("kind must be a string, found [\"rednet\"]"),
              std::string::npos);
    EXPECT_NE(build_error(R"({"kind":"dense"})", &any, INVOLUTE_INVALID_ARGUMENT)
                  .find("operator: channels must be"),
              std::string::npos);
    // Refused before anything is read.
    const std::string huge = build_error(
        R"({"kind":"rednet","blocks":[1000,1000,1000,1000],"base_channels":4096,"kernel":255,
            "group_channels":1,"reduction":1,"classes":1000000})",
        &any, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_NE(huge.find("at most 1073741824 are supported"), std::string::npos) << huge;
    EXPECT_EQ(huge.find("-"), std::string::npos) << huge; // no product has overflowed
    build_error(R"({"kind":"conv2d","channels":131072,"kernel":255})", &any,
                INVOLUTE_INVALID_ARGUMENT);
    EXPECT_TRUE(any.reads.empty());
}

TEST(BuildGraph, ErrorsOfSourceAndSinkArePassedOn) {
    FakeWeights weights = tiny_parameters();
    weights.tensors.at("backbone.layer2.0.bn2.running_var").values[3] = -1.0f;
    EXPECT_EQ(build_error(kTiny, &weights, INVOLUTE_INVALID_FILE),
              "backbone.layer2.0.bn2.running_var[3]: expected a value >= 0, found -1");
    weights.tensors.at("backbone.layer1.0.bn1.bias").shape = {17};
    EXPECT_EQ(build_error(kTiny, &weights, INVOLUTE_INVALID_FILE),
              "backbone.layer1.0.bn1.bias: other shape");

    RecordingSink sink;
    sink.fail_at = 2;
    Graph graph;
    const Status status = build_graph(kTiny, &tiny(), "", &sink, &graph);
    EXPECT_EQ(status.code(), INVOLUTE_UNSUPPORTED);
    EXPECT_EQ(status.message(), "no row for backbone.stem.4");
    EXPECT_TRUE(graph.layers.empty());
}

} // namespace
} // namespace involute
