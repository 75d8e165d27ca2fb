// Whole networks, with weights from the file or by the portable rule: every stored value within
// 1e-5 of its tensor's largest. Part of verify_run.h.
#include <algorithm>
#include <cmath>

#include "autotune/hash.h"
#include "failure.h"
#include "verify_run.h"

namespace involute {

namespace {

constexpr double kNetworkBound = 1e-5;
constexpr double kInputHalfWidth = 2; // the rule for inputs

uint64_t seed_of(const ReferenceCase &which) {
    const Json seed = which.settings.value("seed", Json());
    if (!seed.is_number_unsigned())
        throw Failure(kExitUsage, which.path +
                                      ": metadata \"recipe\": seed: expected an integer, " +
                                      "found " + (seed.is_null() ? "nothing" : seed.dump()));
    return seed.get<uint64_t>();
}

// The network's input: stored, or by the rule.
Tensor make_input(const ReferenceCase &which) {
    if (which.form == CaseForm::kSynthetic) {
        Tensor input("input", {which.batch, 3, which.size.height, which.size.width},
                     Order::kRowMajor);
        involute_tensor view = input.view();
        require(involute_tensor_fill(&view, "input", seed_of(which), 0, kInputHalfWidth),
                which.name);
        return input;
    }
    const involute_tensor &stored = case_tensor(which, "input");
    const std::vector<int64_t> shape = shape_of(stored);
    if (shape.size() != 4 || shape[1] != 3 || *std::min_element(shape.begin(), shape.end()) < 1)
        throw Failure(kExitUsage, which.path + ": " + which.name +
                                      "/input: expected shape [B,3,H,W], found " +
                                      shape_text(shape));
    Tensor input("input", shape, Order::kRowMajor);
    std::copy_n(static_cast<const float *>(stored.data), input.count(), input.data());
    return input;
}

const Tensor &output_named(const std::vector<Tensor> &outputs, const std::string &name,
                           const std::string &subject) {
    for (const Tensor &tensor : outputs)
        if (tensor.name() == name)
            return tensor;
    throw Failure(kExitUsage, subject + ": the network has no output " + name);
}

Outcome compare_result(const ReferenceCase &which, const std::string &result,
                       const std::vector<Tensor> &outputs) {
    static const std::string kSamples = "_samples";
    const bool sampled =
        which.form == CaseForm::kSynthetic && result.size() > kSamples.size() &&
        result.compare(result.size() - kSamples.size(), kSamples.size(), kSamples) == 0;
    const std::string name = sampled ? result.substr(0, result.size() - kSamples.size()) : result;
    const Tensor &output = output_named(outputs, name, which.path + ": " + which.name);
    const involute_tensor &expected =
        case_tensor(which, result, sampled ? std::vector<int64_t>() : shape_of(output.view()));
    const int64_t count = count_of(shape_of(expected));
    std::vector<float> got(static_cast<size_t>(count));
    for (uint64_t i = 0; i < got.size(); ++i) {
        const uint64_t numel = static_cast<uint64_t>(output.count());
        got[i] = output.data()[sampled ? i * numel / got.size() : i];
    }
    const float *stored = static_cast<const float *>(expected.data);
    double largest = 0;
    for (int64_t i = 0; i < count; ++i)
        if (std::isfinite(stored[i]))
            largest = std::max(largest, std::abs(double{stored[i]}));
    return {"",
            compare(got.data(), stored, count, [&](int64_t) { return kNetworkBound * largest; }),
            autotune::hash_of_values(got.data(), count)};
}

} // namespace

std::string CaseRunner::prepare_network(const ReferenceCase &which) {
    const bool synthetic = which.form == CaseForm::kSynthetic;
    const std::string wanted = which.path + "\n" + which.architecture;
    if (prepared_ == wanted)
        return "";
    prepared_.clear();
    model_ = Model(); // the old one goes before the new one comes
    model_.label = which.path + ": " + which.name;
    WeightsHandle rule;
    if (synthetic) {
        involute_weights *made = nullptr;
        require(involute_weights_synthetic(seed_of(which), &made), model_.label);
        rule.reset(made);
    }
    involute_model_options options = {};
    options.architecture = which.architecture.c_str();
    options.weights = synthetic ? rule.get() : which.file;
    options.isa = isa_;
    model_.tuning = tuning_;
    const involute_status status = try_create_model(options, schedule_, tuning_, &model_.model);
    if (status.code == INVOLUTE_UNSUPPORTED)
        return status.message;
    require(status, model_.label);
    prepared_ = wanted;
    return "";
}

std::vector<Outcome> CaseRunner::run_network(const ReferenceCase &which,
                                             const std::vector<std::string> &results, int threads) {
    std::vector<Outcome> outcomes(results.size());
    const std::string missing = prepare_network(which);
    if (!missing.empty()) {
        for (Outcome &outcome : outcomes)
            outcome.not_covered = missing;
        return outcomes;
    }
    model_.label = which.path + ": " + which.name;
    const Tensor input = make_input(which);
    const involute_tensor &view = input.view();
    Session session = create_session(model_, view.shape[0], {view.shape[2], view.shape[3]}, threads,
                                     /*features=*/true);
    const std::vector<Tensor> outputs = make_tensors(session.json.at("outputs"), Order::kRowMajor);
    const std::vector<involute_named_tensor> wanted = named(outputs);
    const involute_named_tensor given = input.named();
    require(involute_session_run(session.handle.get(), &given, 1, wanted.data(), wanted.size()),
            model_.label);
    for (size_t i = 0; i < results.size(); ++i)
        outcomes[i] = compare_result(which, results[i], outputs);
    return outcomes;
}

std::vector<Outcome> CaseRunner::run(const ReferenceCase &which,
                                     const std::vector<std::string> &results, int threads) {
    if (which.form != CaseForm::kLayer)
        return run_network(which, results, threads);
    std::vector<Outcome> outcomes;
    for (const std::string &result : results)
        outcomes.push_back(run_layer(which, result, threads));
    return outcomes;
}

} // namespace involute
