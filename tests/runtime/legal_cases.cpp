#include "tests/runtime/legal_cases.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/isa.h"
#include "involute/involute.h"
#include "oracle/problem.h"
#include "tools/oracle_tensors.h"

namespace involute::legal_cases {
namespace {

using Json = nlohmann::json;
using oracle::Random;
using oracle::Shape;

constexpr int64_t kMostWork = 400000; // multiply-adds of a case

struct Case {
    std::string kind;
    oracle::Window kernel;
    int64_t batch = 1, height = 1, width = 1, channels = 1, out_channels = 1;
    int64_t stride = 1, dilation = 1, upsample = 1, group = 1, conv_groups = 1, reduction = 0;
    bool clamp = false, relu = false, residual = false, bias = true;
    involute_isa isa = INVOLUTE_ISA_BASELINE;
    int32_t threads = 1;

    int64_t rows() const {
        return oracle::strided(height * upsample, stride);
    }
    int64_t columns() const {
        return oracle::strided(width * upsample, stride);
    }
    int64_t kernel_rows() const {
        return kernel.taps() * (channels / group);
    }
    int64_t hidden() const {
        return reduction == 0 ? 0 : channels / reduction;
    }
    bool generates() const {
        return kind == "involution" || kind == "kernel_generation";
    }
    bool convolves() const {
        return kind == "conv2d" || kind == "local";
    }
    bool attends() const {
        return kind == "local_attention";
    }
    int64_t work() const {
        const int64_t pixels = batch * rows() * columns();
        if (convolves())
            return pixels * out_channels * (channels / conv_groups) * kernel.taps();
        if (attends())
            return pixels * channels * (3 * channels + 2 * kernel.taps());
        const int64_t depth = reduction == 0 ? channels : hidden();
        const int64_t generation = hidden() * channels + depth * kernel_rows();
        return pixels * (channels * kernel.taps() + (generates() ? generation : 0));
    }

    Json json() const {
        Json all = {{"kind", kind}, {"channels", channels}};
        if (!attends())
            all["stride"] = stride;
        all["kernel"] =
            kernel.height == kernel.width ? Json(kernel.width) : Json{kernel.height, kernel.width};
        if (kind != "kernel_generation")
            all["dilation"] = dilation, all["relu"] = relu;
        if (!convolves())
            all["group_channels"] = group;
        if (kind == "aggregation")
            all["upsample"] = upsample, all["border"] = clamp ? "clamp" : "zero";
        if (generates())
            all["reduction"] = reduction;
        if (convolves())
            all["out_channels"] = out_channels, all["groups"] = conv_groups;
        if (kind == "conv2d")
            all["residual"] = residual;
        if (attends())
            all["bias"] = bias;
        if (kind == "local")
            all["height"] = height, all["width"] = width;
        return all;
    }
    std::string text() const {
        return json().dump() + " batch " + std::to_string(batch) + " size " +
               std::to_string(height) + "x" + std::to_string(width) + " isa " +
               involute_isa_name(isa) + " threads " + std::to_string(threads);
    }
};

std::vector<involute_isa> available_isas() {
    std::vector<involute_isa> isas;
    for (involute_isa isa : kAllIsas)
        if (involute_isa_check(isa).code == INVOLUTE_OK)
            isas.push_back(isa);
    return isas;
}

int64_t some_divisor(Random *random, int64_t number) {
    std::vector<int64_t> divisors;
    for (int64_t d = 1; d <= number; ++d)
        if (number % d == 0)
            divisors.push_back(d);
    return divisors[static_cast<size_t>(
        random->between(0, static_cast<int64_t>(divisors.size()) - 1))];
}

Case draw(Random *random, const std::vector<involute_isa> &isas) {
    static const char *const kKinds[] = {"aggregation", "kernel_generation", "involution", "conv2d",
                                         "local",       "local_attention"};
    static constexpr int64_t kCommonGroups[] = {1, 2, 4, 8, 16, 16, 32, 64};
    Case one;
    one.kind = kKinds[random->between(0, 5)];
    one.kernel = oracle::Window(2 * random->between(0, 6) + 1);
    if (random->one_in(4))
        one.kernel.height = 2 * random->between(0, 6) + 1;
    one.stride = random->one_in(2) ? 1 : random->between(1, 5);
    one.dilation = random->one_in(2) ? 1 : random->between(1, 4);
    one.group = random->one_in(2) ? kCommonGroups[random->between(0, 7)] : random->between(1, 64);
    one.channels = one.group * random->between(1, std::max<int64_t>(1, 64 / one.group));
    one.out_channels = one.channels;
    one.reduction = random->one_in(4) ? 0 : some_divisor(random, one.channels);
    one.relu = random->one_in(2);
    one.batch = random->between(1, 3);
    one.height = random->between(1, 14), one.width = random->between(1, 20);
    if (one.kind == "kernel_generation")
        one.dilation = 1;
    if (one.kind == "aggregation" && random->one_in(4)) {
        one.upsample = random->between(1, 4);
        one.stride = one.upsample > 1 ? 1 : one.stride;
    } else if (one.kind == "aggregation" && random->one_in(3)) {
        one.clamp = true;
        one.height = one.kernel.height * one.dilation + random->between(0, 4);
        one.width = one.kernel.width * one.dilation + random->between(0, 4);
    }
    if (one.convolves()) {
        one.conv_groups = random->one_in(3)   ? 1
                          : random->one_in(3) ? one.channels
                                              : some_divisor(random, one.channels);
        one.out_channels = one.conv_groups * random->between(1, one.conv_groups > 8 ? 2 : 24);
        one.residual = one.kind == "conv2d" && random->one_in(2);
    }
    if (one.attends()) {
        one.kernel.height = one.kernel.width, one.stride = 1;
        one.bias = !random->one_in(3);
    }
    one.isa = isas[static_cast<size_t>(random->between(0, static_cast<int64_t>(isas.size()) - 1))];
    one.threads = static_cast<int32_t>(random->between(1, 3));
    return one;
}

struct Handles {
    involute_weights *weights = nullptr;
    involute_model *model = nullptr;
    involute_session *session = nullptr;

    ~Handles() {
        involute_session_destroy(session);
        involute_model_destroy(model);
        involute_weights_destroy(weights);
    }
};

// "" when the call is well; the rows are counted.
std::string call(const Case &one, const oracle::Problem &all, std::vector<float> *result,
                 std::map<std::string, int64_t> *rows) {
    Handles handles;
    const std::vector<involute_named_tensor> weights = named(all.weights);
    involute_status status =
        involute_weights_create(weights.data(), weights.size(), &handles.weights);
    const std::string json = one.json().dump();
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = json.c_str();
    options.weights = handles.weights;
    options.isa = one.isa;
    if (status.code == INVOLUTE_OK)
        status = involute_model_create(&options, &handles.model);
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = one.batch, sizes.height = one.height, sizes.width = one.width;
    sizes.threads = one.threads;
    if (status.code == INVOLUTE_OK)
        status = involute_session_create(handles.model, &sizes, &handles.session);
    if (status.code != INVOLUTE_OK)
        return status.message;
    const Json told = Json::parse(involute_session_json(handles.session));
    for (const Json &layer : told["layers"])
        ++(*rows)[layer["row"]];
    const Shape shape = told["outputs"][0]["shape"];
    result->assign(all.expected.value.size(), std::nanf(""));
    const involute_named_tensor output = {
        all.output.c_str(),
        involute_tensor_f32(result->data(), static_cast<int32_t>(shape.size()), shape.data())};
    const std::vector<involute_named_tensor> inputs = named(all.inputs);
    status = involute_session_run(handles.session, inputs.data(), inputs.size(), &output, 1);
    return status.message;
}

std::string difference(const oracle::Bounded &expected, const std::vector<float> &got) {
    for (size_t i = 0; i < got.size(); ++i) {
        const double error = std::fabs(static_cast<double>(got[i]) - expected.value[i]);
        if (!(error <= expected.bound[i]))
            return "value " + std::to_string(i) + ": expected " +
                   std::to_string(expected.value[i]) + " within " +
                   std::to_string(expected.bound[i]) + ", got " + std::to_string(got[i]);
    }
    return "";
}

} // namespace

Report run(uint64_t seed, int64_t count) {
    Report report;
    Random random(seed);
    const std::vector<involute_isa> isas = available_isas();
    while (report.passed < count) {
        const Case one = draw(&random, isas);
        if (one.work() > kMostWork)
            continue;
        const oracle::Problem all =
            oracle::make_problem(one.json(), one.batch, one.height, one.width, &random);
        std::vector<float> result;
        std::string wrong = call(one, all, &result, &report.rows);
        if (wrong.empty())
            wrong = difference(all.expected, result);
        if (!wrong.empty()) {
            report.failure = "case " + std::to_string(report.passed) + " of seed " +
                             std::to_string(seed) + ", " + one.text() + ": " + wrong;
            return report;
        }
        ++report.passed;
    }
    return report;
}

std::string rows_text(const Report &report) {
    std::string text;
    for (const auto &[row, times] : report.rows)
        text += (text.empty() ? "" : ", ") + std::to_string(times) + " " + row;
    return text;
}

} // namespace involute::legal_cases
