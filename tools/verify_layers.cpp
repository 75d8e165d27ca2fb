// Single layers: `kernels` by kernel_generation, `output` by aggregation with the stored kernels,
// `layer_output` by involution, `grad_input` and `grad_kernels` by the gradients of the
// aggregation, `layer_grad_input` by that of the involution. A case that names its kind is of
// another layer. Part of verify_run.h.
#include <algorithm>
#include <cmath>

#include "autotune/hash.h"
#include "failure.h"
#include "verify_bounds.h"
#include "verify_run.h"

namespace involute {

namespace {

constexpr int64_t kMaxSetting = 1 << 20;
constexpr const char *kAttention = "local_attention";

int64_t setting(const ReferenceCase &which, const char *key, int64_t low) {
    const Json value = which.settings.is_object() ? which.settings.value(key, Json()) : Json();
    if (!value.is_number_integer() || value.get<int64_t>() < low ||
        value.get<int64_t>() > kMaxSetting)
        throw Failure(kExitUsage, which.path + ": case " + which.name + ": " + key +
                                      ": expected an integer from " + std::to_string(low) + " to " +
                                      std::to_string(kMaxSetting) + ", found " +
                                      (value.is_null() ? "nothing" : value.dump()));
    return value.get<int64_t>();
}

// What the case is of: an involution unless it says so.
std::string kind_of_case(const ReferenceCase &which) {
    const Json kind =
        which.settings.is_object() ? which.settings.value("kind", Json("involution")) : Json();
    if (!kind.is_string())
        throw Failure(kExitUsage, which.path + ": case " + which.name +
                                      ": kind: expected a string, found " + kind.dump());
    return kind;
}

bool has_bias(const ReferenceCase &which) {
    const Json bias = which.settings.value("bias", Json(true));
    if (!bias.is_boolean())
        throw Failure(kExitUsage, which.path + ": case " + which.name +
                                      ": bias: expected true or false, found " + bias.dump());
    return bias;
}

LayerShape shape_of_case(const ReferenceCase &which, bool attends) {
    LayerShape shape;
    shape.channels = setting(which, "channels", 1);
    shape.kernel = setting(which, "kernel", 1);
    shape.stride = attends ? 1 : setting(which, "stride", 1);
    shape.dilation = setting(which, "dilation", 1);
    shape.group_channels = setting(which, "group_channels", 1);
    shape.reduction = attends ? 0 : setting(which, "reduction", 0);
    shape.height = setting(which, "height", 1);
    shape.width = setting(which, "width", 1);
    shape.batch = setting(which, "batch", 1);
    if (shape.channels % shape.group_channels != 0 ||
        (shape.reduction != 0 && shape.channels % shape.reduction != 0))
        throw Failure(kExitUsage, which.path + ": case " + which.name +
                                      ": channels: expected a multiple of group_channels and "
                                      "reduction, found " +
                                      std::to_string(shape.channels));
    return shape;
}

// The operator that computes `result` of a case; empty: there is none.
std::string operator_for(const std::string &kind, const std::string &result) {
    if (kind == kAttention)
        return result == "output" || result == "kernels" ? kAttention : "";
    if (kind != "involution")
        return "";
    return result == "kernels"            ? "kernel_generation"
           : result == "output"           ? "aggregation"
           : result == "layer_output"     ? "involution"
           : result == "grad_input"       ? "aggregation_grad_input"
           : result == "grad_kernels"     ? "aggregation_grad_weight"
           : result == "layer_grad_input" ? "involution_grad_input"
                                          : "";
}

bool is_grad_input(const std::string &result) {
    return result == "grad_input" || result == "layer_grad_input";
}

std::vector<int64_t> result_shape(const std::string &result, const LayerShape &shape) {
    return result == "kernels" || result == "grad_kernels" ? shape.kernels_shape()
           : is_grad_input(result)                         ? shape.input_shape()
                                                           : shape.output_shape();
}

// The name of the result where it is an operator's.
std::string output_name(const std::string &result) {
    return result.rfind("layer_", 0) == 0 ? result.substr(6) : result;
}

std::vector<involute_named_tensor> inputs_for(const ReferenceCase &which, const std::string &kind,
                                              const std::string &result, const LayerShape &shape) {
    std::vector<involute_named_tensor> inputs;
    if (result != "grad_input")
        inputs.push_back({"input", case_tensor(which, "input", shape.input_shape())});
    if (is_grad_input(result) || result == "grad_kernels")
        inputs.push_back({"grad_output", case_tensor(which, "grad_output", shape.output_shape())});
    if (kind == "aggregation" || kind == "aggregation_grad_input")
        inputs.push_back({"kernels", case_tensor(which, "kernels", shape.kernels_shape())});
    return inputs;
}

Bounded bounded_result(const ReferenceCase &which, const std::string &kind,
                       const std::string &result, const LayerShape &shape) {
    if (kind == kAttention)
        return bounded_attention(which, shape, has_bias(which), result);
    if (result == "kernels")
        return bounded_kernels(which, shape);
    if (result == "grad_input")
        return bounded_grad_input(which, shape, stored_kernels(which, shape));
    if (result == "layer_grad_input")
        return bounded_layer_grad_input(which, shape);
    if (result == "grad_kernels")
        return bounded_grad_kernels(which, shape);
    return bounded_output(which, shape,
                          result == "output" ? stored_kernels(which, shape)
                                             : bounded_kernels(which, shape));
}

Json description_of(const ReferenceCase &which, const std::string &kind, const LayerShape &shape) {
    Json json = {{"kind", kind},
                 {"channels", shape.channels},
                 {"kernel", shape.kernel},
                 {"group_channels", shape.group_channels}};
    if (kind == kAttention)
        json["bias"] = has_bias(which);
    else
        json["stride"] = shape.stride;
    if (kind != "kernel_generation")
        json["dilation"] = shape.dilation;
    if (kind == "kernel_generation" || kind.rfind("involution", 0) == 0)
        json["reduction"] = shape.reduction;
    return json;
}

} // namespace

Outcome CaseRunner::run_layer(const ReferenceCase &which, const std::string &result, int threads) {
    Outcome outcome;
    const std::string kind = operator_for(kind_of_case(which), result);
    if (kind.empty()) {
        outcome.not_covered = "no operator of this version computes it";
        return outcome;
    }
    const LayerShape shape = shape_of_case(which, kind == kAttention);
    const std::string subject = which.path + ": " + which.name + "/" + result;
    const involute_tensor &expected = case_tensor(which, result, result_shape(result, shape));
    const std::string description = description_of(which, kind, shape).dump();
    const std::string prefix = which.name + "/";
    involute_model_options options = {};
    options.architecture = description.c_str();
    options.weights = which.file;
    options.weights_prefix = prefix.c_str();
    options.isa = isa_;
    Model model;
    model.tuning = {tuning_.wisdom, "", {shape.height, shape.width}, shape.batch, threads};
    const involute_status status = try_create_model(options, schedule_, model.tuning, &model.model);
    if (status.code == INVOLUTE_UNSUPPORTED) {
        outcome.not_covered = status.message;
        return outcome;
    }
    require(status, subject);
    model.label = subject;

    const bool features = kind == kAttention && result == "kernels"; // its second output
    Session session =
        create_session(model, shape.batch, {shape.height, shape.width}, threads, features);
    const std::vector<involute_named_tensor> inputs = inputs_for(which, kind, result, shape);
    const Tensor got(output_name(result), shape_of(expected), Order::kRowMajor);
    const involute_named_tensor output = got.named();
    require(involute_session_run(session.handle.get(), inputs.data(), inputs.size(), &output, 1),
            subject);

    outcome.bits = autotune::hash_of_values(got.data(), got.count());
    const Bounded bounded = bounded_result(which, kind, result, shape);
    const float *stored = static_cast<const float *>(expected.data);
    outcome.mismatch = compare(got.data(), stored, got.count(), [&](int64_t i) {
        return bounded.error[static_cast<size_t>(i)] + kRounding * std::abs(double{stored[i]});
    });
    return outcome;
}

std::optional<Mismatch> compare(const float *got, const float *expected, int64_t count,
                                const std::function<double(int64_t)> &bound_of) {
    Mismatch worst;
    double worst_excess = -1;
    for (int64_t i = 0; i < count; ++i) {
        const double g = double{got[i]}, e = double{expected[i]}, bound = bound_of(i);
        double excess = 0; // over 1: outside
        // A bound that is not finite comes from weights that are not, and would let all pass.
        if (std::isfinite(g) && std::isfinite(e) && std::isfinite(bound))
            excess = std::abs(g - e) <= bound ? 0 : 1 + std::abs(g - e) / std::max(bound, 1e-300);
        else if (std::isfinite(e) || (g != e && !(std::isnan(g) && std::isnan(e))))
            excess = INFINITY;
        if (!(excess > 0))
            continue;
        ++worst.values;
        if (excess > worst_excess) {
            worst_excess = excess;
            worst.index = i, worst.got = g, worst.expected = e, worst.bound = bound;
        }
    }
    if (worst.values == 0)
        return std::nullopt;
    return worst;
}

} // namespace involute
