// What built graphs compute, as plain loops in double, against the reference vectors: wires, names
// and folded batch norms, whatever the kernels do.
#include <gtest/gtest.h>

#include <cmath>

#include "fake_weights.h"
#include "graph_loops.h"
#include "nets/build.h"

namespace involute {
namespace {

const std::string kReference = std::string(INVOLUTE_SOURCE_DIR) + "/tests/reference/";

// The loops are exact to double; what is left is float32 weights folded and rounded once.
constexpr double kTolerance = 1e-6;

// The first image of a batch.
Map first_image(const FakeWeights::Tensor &tensor) {
    Map map(tensor.shape[1], tensor.shape[2], tensor.shape[3]);
    std::copy_n(tensor.values.begin(), map.values.size(), map.values.begin());
    return map;
}

Map first_kernels(const FakeWeights::Tensor &tensor) {
    Map map(tensor.shape[1] * tensor.shape[2], tensor.shape[3], tensor.shape[4]);
    std::copy_n(tensor.values.begin(), map.values.size(), map.values.begin());
    return map;
}

// Largest difference relative to the largest value, over the first image.
double difference(const Map &got, const FakeWeights::Tensor &expected) {
    double largest = 0, worst = 0;
    const size_t batch = static_cast<size_t>(expected.shape[0]);
    EXPECT_EQ(got.values.size(), expected.values.size() / batch);
    for (size_t i = 0; i < got.values.size(); ++i) {
        const double value = static_cast<double>(expected.values[i]);
        largest = std::max(largest, std::fabs(value));
        worst = std::max(worst, std::fabs(got.values[i] - value));
    }
    return worst / largest;
}

TEST(GraphValues, TinyNetwork) {
    const FakeWeights tiny = FakeWeights::from_file(kReference + "tiny.safetensors");
    RecordingSink sink;
    Graph graph;
    const Status status = build_graph(tiny.metadata("architecture"), &tiny, "", &sink, &graph);
    ASSERT_TRUE(status.ok()) << status.message();
    for (const std::string item : {"small/", "odd/"}) {
        std::map<int, Map> maps = run_graph(
            graph, sink.weights, {{graph.inputs[0], first_image(tiny.tensors.at(item + "input"))}});
        for (int id : graph.outputs) {
            const std::string name = item + graph.tensors[static_cast<size_t>(id)].name;
            EXPECT_LT(difference(maps[id], tiny.tensors.at(name)), kTolerance) << name;
        }
    }
}

TEST(GraphValues, SingleLayers) {
    const FakeWeights layers = FakeWeights::from_file(kReference + "layers.safetensors");
    const struct {
        const char *kind, *result;
        std::vector<const char *> keys;
    } kinds[] = {
        {"involution",
         "layer_output",
         {"channels", "kernel", "stride", "dilation", "group_channels", "reduction"}},
        {"kernel_generation",
         "kernels",
         {"channels", "kernel", "stride", "group_channels", "reduction"}},
        {"aggregation", "output", {"channels", "kernel", "stride", "dilation", "group_channels"}},
    };
    const auto cases = nlohmann::json::parse(layers.texts.at("cases"));
    EXPECT_EQ(cases.size(), 34u);
    for (const auto &[name, item] : cases.items()) {
        const std::string prefix = name + "/";
        const Map input = first_image(layers.tensors.at(prefix + "input"));
        for (const auto &kind : kinds) {
            nlohmann::json op = {{"kind", kind.kind}};
            for (const char *key : kind.keys)
                op[key] = item.at(key);
            RecordingSink sink;
            Graph graph;
            const Status status = build_graph(op.dump(), &layers, prefix, &sink, &graph);
            ASSERT_TRUE(status.ok()) << status.message();
            std::map<int, Map> maps = {{graph.inputs[0], input}};
            if (graph.inputs.size() > 1)
                maps[graph.inputs[1]] = first_kernels(layers.tensors.at(prefix + "kernels"));
            maps = run_graph(graph, sink.weights, maps);
            EXPECT_LT(difference(maps[graph.outputs[0]], layers.tensors.at(prefix + kind.result)),
                      kTolerance)
                << prefix << kind.result;
        }
    }
}

TEST(GraphValues, LocalAttention) {
    const FakeWeights file = FakeWeights::from_file(kReference + "attention.safetensors");
    const auto cases = nlohmann::json::parse(file.texts.at("cases"));
    EXPECT_EQ(cases.size(), 10u);
    for (const auto &[name, item] : cases.items()) {
        const std::string prefix = name + "/";
        nlohmann::json op;
        for (const char *key : {"kind", "channels", "kernel", "dilation", "group_channels", "bias"})
            op[key] = item.at(key);
        RecordingSink sink;
        Graph graph;
        const Status status = build_graph(op.dump(), &file, prefix, &sink, &graph);
        ASSERT_TRUE(status.ok()) << status.message();
        ASSERT_EQ(graph.outputs.size(), 2u);
        std::map<int, Map> maps =
            run_graph(graph, sink.weights,
                      {{graph.inputs[0], first_image(file.tensors.at(prefix + "input"))}});
        for (const int id : graph.outputs) {
            const std::string result = graph.tensors[static_cast<size_t>(id)].name;
            EXPECT_LT(difference(maps[id], file.tensors.at(prefix + result)), kTolerance)
                << prefix << result;
        }
    }
}

// The parts that the reference layers lack: epilogues and the other operators, with numbers small
// enough to work out by hand.
TEST(GraphValues, Epilogues) {
    FakeWeights weights;
    weights.tensors["weight"] = {{1, 2, 1, 1}, {2.0f, -1.0f}};
    weights.tensors["bias"] = {{1}, {0.5f}};
    RecordingSink sink;
    Graph graph;
    Map input(2, 1, 2), residual(1, 1, 2);
    input.values = {1, 2, 3, 4};
    residual.values = {0.25, -1.5};
    ASSERT_TRUE(build_graph(R"({"kind":"conv2d","channels":2,"out_channels":1,"kernel":1,
                                "residual":true,"relu":true})",
                            &weights, "", &sink, &graph)
                    .ok());
    std::map<int, Map> maps =
        run_graph(graph, sink.weights, {{graph.inputs[0], input}, {graph.inputs[1], residual}});
    EXPECT_EQ(maps[graph.outputs[0]].values, (std::vector<double>{0.0, 0.0}));
    residual.values = {1.25, -0.25};
    maps = run_graph(graph, sink.weights, {{graph.inputs[0], input}, {graph.inputs[1], residual}});
    EXPECT_EQ(maps[graph.outputs[0]].values, (std::vector<double>{0.75, 0.25}));
}

TEST(GraphValues, AggregationWithNorm) {
    FakeWeights weights;
    weights.tensors["bn.weight"] = {{2}, {2.0f, -2.0f}};
    weights.tensors["bn.bias"] = {{2}, {1.0f, 4.0f}};
    weights.tensors["bn.running_mean"] = {{2}, {3.0f, 0.0f}};
    weights.tensors["bn.running_var"] = {{2}, {3.99999f, 3.99999f}}; // scale 1 and -1
    RecordingSink sink;
    Graph graph;
    ASSERT_TRUE(build_graph(R"({"kind":"aggregation","channels":2,"kernel":1,"group_channels":2,
                                "norm":true,"relu":true})",
                            &weights, "", &sink, &graph)
                    .ok());
    Map input(2, 1, 2), kernels(1, 1, 2);
    input.values = {1, 3, 2, 1};
    kernels.values = {1, 2};
    std::map<int, Map> maps =
        run_graph(graph, sink.weights, {{graph.inputs[0], input}, {graph.inputs[1], kernels}});
    // (x*k - mean) * scale + bias: 1-3+1, 6-3+1; -2+4, -2+4.
    EXPECT_EQ(maps[graph.outputs[0]].values, (std::vector<double>{0, 4, 2, 2}));
}

} // namespace
} // namespace involute
