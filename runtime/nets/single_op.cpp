// Parsing and the one-row table of single operators. kKinds says which keys belong to which kind
// and what a kernel is when the text does not say.
#include "nets/single_op.h"

#include <algorithm>

#include "core/checked_size.h"
#include "io/json_fields.h"
#include "nets/architecture.h"

namespace involute {

namespace {

constexpr int64_t kMaxChannels = 131072;
constexpr int64_t kMaxStride = 256, kMaxUpsample = 256;
constexpr int64_t kMaxMap = 65536; // sides

struct Kind {
    Op op;
    const char *name;
    int64_t kernel; // default; 0: the kind has none
    std::vector<std::string> keys;
    Composite composite = Composite::kNone;
};

const std::vector<Kind> &kinds() {
    static const std::vector<Kind> all = {
        {Op::kInvolution,
         "involution",
         7,
         {"kernel", "stride", "dilation", "group_channels", "reduction", "relu", "norm"}},
        {Op::kAggregation,
         "aggregation",
         7,
         {"kernel", "stride", "dilation", "upsample", "border", "group_channels", "relu", "norm"}},
        {Op::kKernelGeneration,
         "kernel_generation",
         7,
         {"kernel", "stride", "group_channels", "reduction"}},
        {Op::kConv2d,
         "conv2d",
         3,
         {"out_channels", "groups", "kernel", "stride", "dilation", "relu", "bias", "residual"}},
        {Op::kLocal,
         "local",
         3,
         {"height", "width", "out_channels", "groups", "kernel", "stride", "dilation", "relu",
          "bias"}},
        {Op::kMaxPool, "max_pool", 3, {"kernel", "stride"}},
        {Op::kAvgPool, "avg_pool", 2, {"kernel", "stride"}},
        {Op::kGlobalPool, "global_pool", 0, {}},
        {Op::kDense, "dense", 0, {"out_channels", "bias"}},
        {Op::kSoftmax, "softmax", 7, {"kernel", "group_channels"}},
        {Op::kAggregationGradInput,
         "aggregation_grad_input",
         7,
         {"kernel", "stride", "dilation", "group_channels"}},
        {Op::kAggregationGradWeight,
         "aggregation_grad_weight",
         7,
         {"kernel", "stride", "dilation", "group_channels"}},
        {Op::kInvolution,
         "involution_grad_input",
         7,
         {"kernel", "stride", "dilation", "group_channels", "reduction"},
         Composite::kInvolutionGradInput},
        {Op::kAggregation,
         "local_attention",
         7,
         {"kernel", "dilation", "group_channels", "relu", "bias"},
         Composite::kLocalAttention},
    };
    return all;
}

const Kind &kind_of(const SingleOp &op) {
    return *std::find_if(kinds().begin(), kinds().end(), [&op](const Kind &kind) {
        return kind.op == op.op && kind.composite == op.composite;
    });
}

bool takes(const Kind &kind, const char *key) {
    return std::find(kind.keys.begin(), kind.keys.end(), key) != kind.keys.end();
}

Status parse_kind(const JsonFields &fields, const Kind **kind) {
    std::string name;
    INVOLUTE_RETURN_IF_ERROR(fields.string("kind", &name));
    for (const Kind &candidate : kinds())
        if (name == candidate.name)
            *kind = &candidate;
    if (*kind)
        return {};
    return fields.must_be("kind", "one of rednet, resnet, " + joined(single_op_kinds()));
}

// A window averages what it covers, so kernel and stride are one number said once or twice.
Status parse_avg_pool(const JsonFields &fields, SingleOp *op) {
    const char *given = fields.has("kernel") ? "kernel" : "stride";
    op->stride = op->kernel.width;
    INVOLUTE_RETURN_IF_ERROR(fields.integer(given, 1, kMaxStride, &op->stride));
    op->kernel = op->stride;
    INVOLUTE_RETURN_IF_ERROR(fields.integer("stride", 1, kMaxStride, &op->stride));
    if (op->stride != op->kernel.width)
        return fields.must_be("stride", "the kernel (" + std::to_string(op->kernel.width) +
                                            ") of an avg_pool");
    return {};
}

// One odd number, or [height, width].
Status parse_kernel(const JsonFields &fields, SingleOp *op) {
    std::vector<int64_t> size;
    const bool square =
        op->op == Op::kMaxPool || is_gradient(op->op) || op->composite != Composite::kNone;
    if (square || !fields.is_array("kernel")) {
        INVOLUTE_RETURN_IF_ERROR(fields.odd("kernel", kMaxKernel, &op->kernel.width));
        op->kernel.height = op->kernel.width;
        return {};
    }
    INVOLUTE_RETURN_IF_ERROR(fields.integers("kernel", 2, 1, kMaxKernel, &size));
    op->kernel = KernelSize(size[0], size[1]);
    if (size[0] % 2 == 0 || size[1] % 2 == 0)
        return fields.must_be("kernel", "odd integers");
    return {};
}

Status parse_window(const JsonFields &fields, SingleOp *op) {
    if (op->op == Op::kAvgPool)
        return parse_avg_pool(fields, op);
    INVOLUTE_RETURN_IF_ERROR(parse_kernel(fields, op));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("stride", 1, kMaxStride, &op->stride));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("dilation", 1, kMaxDilation, &op->dilation));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("upsample", 1, kMaxUpsample, &op->upsample));
    if (op->upsample > 1 && op->stride > 1)
        return fields.must_be("stride", "1 with an upsample");
    std::string border = "zero";
    INVOLUTE_RETURN_IF_ERROR(fields.string("border", &border));
    if (border != "zero" && border != "clamp")
        return fields.must_be("border", "zero or clamp");
    op->border = border == "clamp" ? Border::kClamp : Border::kZero;
    if (op->border == Border::kClamp && op->upsample > 1)
        return fields.must_be("border", "zero with an upsample");
    return {};
}

Status parse_groups(const JsonFields &fields, const Kind &kind, SingleOp *op) {
    INVOLUTE_RETURN_IF_ERROR(
        fields.integer("group_channels", 1, kMaxChannels, &op->group_channels));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("groups", 1, kMaxChannels, &op->groups));
    for (int64_t channels : {op->channels, op->out_channels})
        if (channels % op->groups != 0)
            return fields.must_be("groups",
                                  "a divisor of " + std::to_string(channels) + " channels");
    INVOLUTE_RETURN_IF_ERROR(fields.integer("reduction", 0, kMaxChannels, &op->reduction));
    if (takes(kind, "group_channels") && op->channels % op->group_channels != 0)
        return fields.must_be("channels", "a multiple of group_channels = " +
                                              std::to_string(op->group_channels));
    if (takes(kind, "reduction") && op->reduction != 0 && op->channels % op->reduction != 0)
        return fields.must_be("channels",
                              "a multiple of reduction = " + std::to_string(op->reduction));
    return {};
}

// The map that a local layer has weights for, which are so many that their number must be checked.
Status parse_map(const JsonFields &fields, SingleOp *op) {
    for (const auto &[key, side] : {std::pair("height", &op->height), {"width", &op->width}}) {
        if (!fields.has(key))
            return fields.must_be(key, "an integer from 1 to " + std::to_string(kMaxMap));
        INVOLUTE_RETURN_IF_ERROR(fields.integer(key, 1, kMaxMap, side));
    }
    int64_t weights = 0;
    if (checked_product({op->out_channels, op->channels / op->groups, op->kernel.taps(),
                         ceil_div(op->height, op->stride), ceil_div(op->width, op->stride)},
                        &weights) &&
        weights <= INT32_MAX)
        return {};
    return Status::error(INVOLUTE_UNSUPPORTED,
                         "operator: local has more than %d weights, one of every window, channel "
                         "and pixel",
                         INT32_MAX);
}

int64_t hidden_of(const SingleOp &op) {
    return op.reduction == 0 ? 0 : op.channels / op.reduction;
}

} // namespace

const std::vector<std::string> &single_op_kinds() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Kind &kind : kinds())
            all.push_back(kind.name);
        return all;
    }();
    return names;
}

Status parse_single_op(const std::string &text, SingleOp *op) {
    JsonFields fields;
    INVOLUTE_RETURN_IF_ERROR(fields.parse(text, "operator"));
    const Kind *kind = nullptr;
    INVOLUTE_RETURN_IF_ERROR(parse_kind(fields, &kind));
    std::vector<std::string> known = {"kind", "channels"};
    known.insert(known.end(), kind->keys.begin(), kind->keys.end());
    INVOLUTE_RETURN_IF_ERROR(fields.only(known, kind->name));

    SingleOp parsed;
    parsed.op = kind->op, parsed.composite = kind->composite;
    parsed.kernel = kind->kernel;
    if (!fields.has("channels"))
        return fields.must_be("channels", "an integer from 1 to " + std::to_string(kMaxChannels));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("channels", 1, kMaxChannels, &parsed.channels));
    parsed.out_channels = parsed.channels;
    INVOLUTE_RETURN_IF_ERROR(fields.integer("out_channels", 1, kMaxChannels, &parsed.out_channels));
    INVOLUTE_RETURN_IF_ERROR(parse_window(fields, &parsed));
    INVOLUTE_RETURN_IF_ERROR(parse_groups(fields, *kind, &parsed));
    if (parsed.op == Op::kLocal)
        INVOLUTE_RETURN_IF_ERROR(parse_map(fields, &parsed));
    INVOLUTE_RETURN_IF_ERROR(fields.boolean("relu", &parsed.relu));
    INVOLUTE_RETURN_IF_ERROR(fields.boolean("bias", &parsed.bias));
    INVOLUTE_RETURN_IF_ERROR(fields.boolean("residual", &parsed.residual));
    INVOLUTE_RETURN_IF_ERROR(fields.boolean("norm", &parsed.norm));
    *op = parsed;
    return {};
}

std::string single_op_json(const SingleOp &op) {
    const Kind &kind = kind_of(op);
    nlohmann::ordered_json json;
    json["kind"] = kind.name;
    json["channels"] = op.channels;
    nlohmann::ordered_json kernel = op.kernel.width;
    if (!op.kernel.is_square())
        kernel = {op.kernel.height, op.kernel.width};
    const nlohmann::ordered_json values = {
        {"out_channels", op.out_channels},
        {"groups", op.groups},
        {"height", op.height},
        {"width", op.width},
        {"kernel", kernel},
        {"stride", op.stride},
        {"dilation", op.dilation},
        {"upsample", op.upsample},
        {"border", op.border == Border::kClamp ? "clamp" : "zero"},
        {"group_channels", op.group_channels},
        {"reduction", op.reduction},
        {"relu", op.relu},
        {"bias", op.bias},
        {"residual", op.residual},
        {"norm", op.norm}};
    for (const auto &[key, value] : values.items())
        if (takes(kind, key.c_str()))
            json[key] = value;
    return json.dump();
}

Table single_op_table(const SingleOp &op) {
    const std::string name = kind_of(op).name;
    const std::string norm = op.norm ? "bn" : "";
    const InvolutionShape shape = {op.kernel, op.stride, op.dilation, op.group_channels,
                                   hidden_of(op)};
    const ParameterNames product = {"weight", op.bias ? "bias" : "", "", "", ""};

    Table table;
    const bool from_grad = op.op == Op::kAggregationGradInput, kernels_only = op.op == Op::kSoftmax;
    const int64_t kernel_rows = op.kernel.taps() * (op.channels / op.group_channels);
    const int input = table.add_input(from_grad      ? "grad_output"
                                      : kernels_only ? "kernels"
                                                     : "input",
                                      kernels_only ? kernel_rows : op.channels);
    if (op.composite == Composite::kLocalAttention) {
        InvolutionShape bare = shape;
        bare.hidden = 0;
        const AttentionTensors made =
            add_local_attention(&table, input, name, bare, op.bias, op.relu);
        table.add_output(made.output, "output");
        table.add_output(made.kernels, "kernels");
        return table;
    }
    const bool backwards = op.composite == Composite::kInvolutionGradInput;
    int output = -1;
    switch (op.op) {
    case Op::kInvolution:
        if (backwards) {
            const int grad = table.add_input("grad_output", op.channels);
            output = add_involution_grad_input(&table, input, grad, name,
                                               involution_names("", op.reduction != 0, ""), shape);
            break;
        }
        [[fallthrough]];
    case Op::kKernelGeneration:
        output = table.involution(op.op, input, name, involution_names("", op.reduction != 0, norm),
                                  shape, op.relu);
        break;
    case Op::kAggregation: {
        const int kernels = table.add_input("kernels", kernel_rows);
        table.tensors.back().is_kernels = true;
        InvolutionShape bare = shape;
        bare.hidden = 0;
        output =
            table.involution(op.op, input, name, {"", "", norm, "", ""}, bare, op.relu, kernels);
        table.rows.back().layer.upsample = op.upsample;
        table.rows.back().layer.border = op.border;
        break;
    }
    case Op::kConv2d: {
        const int residual = op.residual ? table.add_input("residual", op.out_channels) : -1;
        output = table.conv(input, name, product, op.out_channels, op.kernel, op.stride, op.relu,
                            residual);
        table.rows.back().layer.dilation = op.dilation;
        table.rows.back().layer.groups = op.groups;
        break;
    }
    case Op::kLocal:
        output = table.conv(input, name, product, op.out_channels, op.kernel, op.stride, op.relu);
        table.rows.back().layer.op = Op::kLocal;
        table.rows.back().layer.dilation = op.dilation;
        table.rows.back().layer.groups = op.groups;
        table.rows.back().layer.height = op.height, table.rows.back().layer.width = op.width;
        break;
    case Op::kMaxPool:
    case Op::kAvgPool:
        output = table.pool(op.op, input, name, op.kernel.width, op.stride);
        break;
    case Op::kGlobalPool:
        output = table.global_pool(input, name);
        break;
    case Op::kDense:
        table.tensors.back().is_vector = true;
        output = table.dense(input, name, product, op.out_channels);
        break;
    case Op::kSoftmax:
        table.tensors.back().is_kernels = true;
        output = table.softmax(input, name, op.kernel);
        break;
    case Op::kAggregationGradInput: {
        const int kernels = table.add_input("kernels", kernel_rows);
        table.tensors.back().is_kernels = true;
        output = table.gradient(op.op, input, name, shape, kernels, -1);
        break;
    }
    case Op::kAggregationGradWeight: {
        const int grad = table.add_input("grad_output", op.channels);
        output = table.gradient(op.op, input, name, shape, -1, grad);
        break;
    }
    case Op::kReluGrad:
    case Op::kAvgPoolGrad:
        break; // inside of involution_grad_input
    }
    table.add_output(output, op.op == Op::kKernelGeneration                    ? "kernels"
                             : op.op == Op::kAggregationGradInput || backwards ? "grad_input"
                             : op.op == Op::kAggregationGradWeight             ? "grad_kernels"
                                                                               : "output");
    return table;
}

} // namespace involute
