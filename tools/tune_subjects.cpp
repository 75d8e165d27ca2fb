#include "tune_subjects.h"

#include <algorithm>
#include <map>
#include <set>

#include "autotune/spaces.h"
#include "contestant.h"
#include "failure.h"
#include "print.h"

namespace involute {

namespace {

constexpr int kProfiledRuns = 15;
constexpr Limits kNetworkLimits = {120, 0};

Plan require_plan(const BenchCase &which) {
    Plan plan = plan_of(which);
    if (!plan.failure.empty())
        throw Failure(kExitUsage, plan.failure);
    return plan;
}

// The operator that a network's layer is, without its epilogue.
Json description_of(const Json &layer) {
    const std::string op = layer.at("op");
    Json description = {{"kind", op}, {"channels", layer.at("in_channels")}};
    const auto copy = [&](std::initializer_list<const char *> fields) {
        for (const char *field : fields)
            description[field] = layer.at(field);
    };
    if (op == "conv2d") {
        copy({"out_channels", "kernel", "stride", "groups"});
    } else if (op == "dense") {
        copy({"out_channels"});
    } else if (op == "involution" || op == "kernel_generation") {
        copy({"kernel", "stride", "group_channels"});
        if (op == "involution")
            copy({"dilation"});
        const int64_t hidden = layer.at("hidden");
        description["reduction"] =
            hidden == 0 ? 0 : layer.at("in_channels").get<int64_t>() / hidden;
    } else {
        return Json();
    }
    return description;
}

// Fills in what the layer is by itself; "" or why there is nothing to run.
std::string run_alone(const BenchCase &network, const Json &layer, TuneSubject *subject) {
    subject->which = network;
    subject->which.model.clear(), subject->which.weights.clear();
    subject->which.description = description_of(layer);
    subject->which.size = {subject->key.height, subject->key.width};
    if (subject->which.description.is_null())
        return "there is no operator of its kind";
    subject->plan = plan_of(subject->which);
    if (!subject->plan.failure.empty())
        return subject->plan.failure;
    const Json &session = subject->plan.session;
    const Json &layers = session.at("layers");
    for (size_t i = 0; i < layers.size(); ++i)
        if (tuning_key(layers[i], session) == subject->key) {
            subject->layer = i;
            return "";
        }
    return "by itself it takes another row";
}

std::vector<double> layer_seconds_of(const BenchCase &network) {
    ContestantSettings settings = {kNetworkLimits};
    settings.profiles = true;
    Contestant contestant(network, nullptr, settings);
    contestant.profile(kProfiledRuns);
    if (!contestant.failure().empty())
        throw Failure(kExitFailed, network.model + ": " + contestant.failure());
    return contestant.layer_times()[0];
}

void leave_out(const std::string &name, const std::string &why, std::set<std::string> *said,
               std::vector<std::string> *left_out) {
    if (said->insert(name).second)
        left_out->push_back(name + ": " + why);
}

} // namespace

std::vector<TuneSubject> operator_subjects(const BenchCase &which,
                                           std::vector<std::string> *left_out) {
    const Plan plan = require_plan(which);
    std::vector<TuneSubject> subjects;
    std::set<std::string> said;
    const Json &layers = plan.session.at("layers");
    for (size_t i = 0; i < layers.size(); ++i) {
        TuneSubject subject;
        subject.key = tuning_key(layers[i], plan.session);
        const std::string why = autotune::why_untunable(subject.key);
        if (!why.empty()) {
            leave_out(autotune::text_of(subject.key), why, &said, left_out);
            continue;
        }
        subject.which = which, subject.plan = plan, subject.layer = i;
        subjects.push_back(subject);
    }
    for (TuneSubject &subject : subjects)
        subject.share = 1.0 / static_cast<double>(subjects.size());
    return subjects;
}

std::vector<TuneSubject> network_subjects(const BenchCase &network,
                                          std::vector<std::string> *left_out) {
    const Plan plan = require_plan(network);
    const std::vector<double> seconds = layer_seconds_of(network);
    std::map<autotune::TuningKey, TuneSubject> subjects;
    std::set<std::string> said;
    double all = 0;
    const Json &layers = plan.session.at("layers");
    for (size_t i = 0; i < layers.size(); ++i) {
        all += seconds[i];
        TuneSubject subject;
        subject.key = tuning_key(layers[i], plan.session);
        subject.in_network = true;
        if (const auto known = subjects.find(subject.key); known != subjects.end()) {
            known->second.seconds += seconds[i];
            continue;
        }
        std::string why = autotune::why_untunable(subject.key);
        if (why.empty())
            why = run_alone(network, layers[i], &subject);
        if (!why.empty()) {
            leave_out(autotune::text_of(subject.key), why, &said, left_out);
            continue;
        }
        subject.seconds = seconds[i];
        subjects.emplace(subject.key, subject);
    }
    std::vector<TuneSubject> sorted;
    for (auto &[key, subject] : subjects) {
        subject.share = subject.seconds / all;
        sorted.push_back(subject);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const TuneSubject &a, const TuneSubject &b) { return a.share > b.share; });
    return sorted;
}

} // namespace involute
