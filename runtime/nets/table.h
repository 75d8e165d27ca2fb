// A network as a table: tensors and rows, each row a layer with the names of its parameters.
// Nothing is read here; rednet.cpp, resnet.cpp and single_op.cpp fill tables, build.cpp reads them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph.h"
#include "nets/architecture.h"

namespace involute {

// Where a layer's parameters are; an empty name: it has none.
struct ParameterNames {
    std::string weight, bias; // of a convolution, a dense layer or the second generation layer
    std::string norm;         // module of the batch norm that follows; folded, or scale and shift
    std::string reduce_weight, reduce_norm; // first generation layer
};

// Of an involution's parameters, what a product uses: the first layer of its generation, with bias;
// or one of its layers the other way, without.
enum class Part { kReduce, kReduceTransposed, kWeightTransposed };

struct Row {
    LayerSpec layer;
    ParameterNames names;
    // A product that shares the parameters of a kernel generation, which is another row.
    std::optional<LayerSpec> generation;
    Part part = Part::kReduce;
    double factor = 1; // of the weights and bias of a convolution
};

// What the involution family has beyond channels.
struct InvolutionShape {
    KernelSize kernel = 7;
    int64_t stride = 1, dilation = 1;
    int64_t group_channels = 16;
    int64_t hidden = 0; // 0: single-layer generation
};

class Table {
public:
    // Each returns the id of the tensor it makes. `name` names the layer in messages and profiles.
    int add_input(const char *name, int64_t channels);
    int conv(int input, const std::string &name, const ParameterNames &names, int64_t out_channels,
             const KernelSize &kernel, int64_t stride, bool relu, int residual = -1);
    // op: involution, kernel generation or (with `kernels`) aggregation.
    int involution(Op op, int input, const std::string &name, const ParameterNames &names,
                   const InvolutionShape &shape, bool relu, int kernels = -1);
    // op: a gradient of the aggregation. That of the input takes `input`, the gradient of the
    // output, and `kernels`; that of the kernels `input` and `grad`, the gradient of the output.
    int gradient(Op op, int input, const std::string &name, const InvolutionShape &shape,
                 int kernels, int grad);
    // Of a ReLU with output `input`, whose gradient is `grad`.
    int relu_grad(int input, const std::string &name, int grad);
    // Of an avg_pool whose output has the gradient `input`; `addend` has the size of its input.
    int avg_pool_grad(int input, const std::string &name, int64_t stride, int addend);
    // Over the taps of kernels.
    int softmax(int input, const std::string &name, const KernelSize &kernel);
    // op: one without parameters that keeps the number of channels, such as max_pool.
    int pool(Op op, int input, const std::string &name, const KernelSize &kernel, int64_t stride);
    int global_pool(int input, const std::string &name);
    int dense(int input, const std::string &name, const ParameterNames &names,
              int64_t out_channels);

    // Makes the tensor public; outputs keep the order of these calls, the main one first.
    void add_output(int tensor, const std::string &name);

    int64_t channels(int tensor) const {
        return tensors[static_cast<size_t>(tensor)].channels;
    }

    std::vector<TensorSpec> tensors;
    std::vector<Row> rows;
    std::vector<int> inputs, outputs;

private:
    int add_row(Row row);
    Row of_involution_family(Op op, int input, const std::string &name,
                             const InvolutionShape &shape) const;
};

// The parameters of an involution layer under `module`, as in the official checkpoints.
ParameterNames involution_names(const std::string &module, bool bottleneck,
                                const std::string &norm);

// The gradient of the input of an involution with that of its output; returns its tensor.
int add_involution_grad_input(Table *table, int input, int grad, const std::string &name,
                              const ParameterNames &names, const InvolutionShape &shape);

struct AttentionTensors {
    int kernels = -1, output = -1; // [B,G,K*K,H,W] and [B,C,H,W]
};

// Local self-attention: queries, keys and values are products of the input with parameters
// "query.weight", ...; heads are the groups of `shape`.
AttentionTensors add_local_attention(Table *table, int input, const std::string &name,
                                     const InvolutionShape &shape, bool bias, bool relu);

Table rednet_table(const Architecture &architecture);
Table resnet_table(const Architecture &architecture);

// The tensor whose rows are K*K*G of the stem's involution.
inline constexpr const char *kStemGenerationWeight = "backbone.stem.1.conv2.conv.weight";

// The four stages of bottlenecks that both kinds share; `prefix` stands before "layer1.0.conv1".
// Returns the outputs of the stages.
std::vector<int> add_stages(Table *table, const Architecture &architecture,
                            const std::string &prefix, int input);

} // namespace involute
