#include "tune_network.h"

#include <algorithm>
#include <map>
#include <memory>

#include "compare_parts.h"
#include "failure.h"
#include "peak.h"
#include "print.h"

namespace involute {

namespace {

constexpr int kRounds = 9;
constexpr int kProfilesPerRound = 3;
constexpr double kTurnSeconds = 0.15;
constexpr int kAttempts = 3;    // to leave out what does not pay
constexpr double kPays = 0.997; // a layer's time over that before; a sum has to be below 1
constexpr Limits kLimits = {300, 0};

using Sums = std::map<autotune::TuningKey, double>;

// A network that takes turns with others.
class Entrant {
public:
    Entrant(BenchCase which, const std::string &schedule,
            std::shared_ptr<const autotune::Wisdom> wisdom) {
        which.schedule = schedule, which.wisdom = std::move(wisdom);
        ContestantSettings settings = {kLimits};
        settings.profiles = true;
        contestant_ = std::make_unique<Contestant>(which, nullptr, settings);
        contestant_->prepare();
        contestant_->check();
    }

    const Contestant &contestant() const {
        return *contestant_;
    }
    void take_turn() {
        contestant_->take_turn(kTurnSeconds);
        contestant_->profile(kProfilesPerRound);
    }
    double milliseconds(size_t round) const {
        return 1e3 * median(contestant_->times().at(round));
    }
    double milliseconds() const {
        std::vector<double> all;
        for (size_t round = 0; round < contestant_->times().size(); ++round)
            all.push_back(milliseconds(round));
        return median(all);
    }
    // Seconds of all layers of each key in one round.
    Sums layers(size_t round) const {
        Sums sums;
        const Json &layers = contestant_->session().at("layers");
        for (size_t i = 0; i < layers.size(); ++i)
            sums[tuning_key(layers[i], contestant_->session())] +=
                contestant_->layer_times().at(round).at(i);
        return sums;
    }

private:
    std::unique_ptr<Contestant> contestant_;
};

// What the new wisdom has for layers of the network that the old had not.
std::vector<autotune::NetworkCheck::Choice>
choices(const Json &session, const autotune::Wisdom &before, const autotune::Wisdom &after) {
    std::map<autotune::TuningKey, std::string> found;
    for (const Json &layer : session.at("layers")) {
        const autotune::TuningKey key = tuning_key(layer, session);
        const auto now = after.entries.find(key), then = before.entries.find(key);
        if (now == after.entries.end() || now->second.knobs.empty() ||
            (then != before.entries.end() && then->second.knobs == now->second.knobs))
            continue;
        found[key] = now->second.knobs.dump();
    }
    std::vector<autotune::NetworkCheck::Choice> all;
    for (const auto &[key, knobs] : found)
        all.push_back({key, knobs});
    return all;
}

std::string label_of(const BenchCase &network) {
    return network.model + " " + size_text(network.size) + " b" + std::to_string(network.batch) +
           ", " + involute_isa_name(network.isa) + ", " + threads_text(network.threads);
}

// Where first choices have lost, second ones that nobody has checked do not take their place.
void refuse_unchecked(const BenchCase &network, const Json &session, const autotune::Wisdom &old,
                      const std::vector<autotune::NetworkCheck::Choice> &checked,
                      autotune::History *history) {
    for (;;) {
        std::vector<autotune::NetworkCheck::Choice> others;
        for (const auto &choice : choices(session, old, history->wisdom())) {
            const bool known = std::any_of(checked.begin(), checked.end(), [&](const auto &other) {
                return other.key == choice.key && other.knobs == choice.knobs;
            });
            if (!known)
                others.push_back(choice);
        }
        if (others.empty())
            return;
        history->add(autotune::NetworkCheck{label_of(network), 0, false, others});
    }
}

} // namespace

NetworkResult check_network(const BenchCase &network, const autotune::Wisdom &old,
                            autotune::History *history) {
    NetworkResult result;
    const Plan plan = plan_of(network);
    const auto before_wisdom = std::make_shared<const autotune::Wisdom>(old);
    for (int attempt = 0; attempt < kAttempts && !was_interrupted(); ++attempt) {
        auto after_wisdom = std::make_shared<autotune::Wisdom>(history->wisdom());
        after_wisdom->add_missing(old);
        const auto changed = choices(plan.session, old, *after_wisdom);
        if (changed.empty()) {
            result.won = attempt == 0;
            return result;
        }
        Tuning tuning;
        tuning.wisdom = after_wisdom;
        const std::vector<PackRequest> requests = pack_requests(plan.session, kTuned, tuning);
        build_packs(requests, kSearchLimits); // several at a time; who lacks one says so below
        const MachineLock alone(MachineLock::Use::kTiming, Deadline::max());
        Entrant hand(network, kHand, nullptr), before(network, kTuned, before_wisdom),
            after(network, kTuned, after_wisdom);
        for (int round = 0; round < kRounds; ++round)
            for (Entrant *entrant : {&hand, &before, &after})
                entrant->take_turn();
        for (const Entrant *entrant : {&hand, &before, &after})
            if (!entrant->contestant().failure().empty()) {
                result.failure = entrant->contestant().failure();
                if (entrant == &after && !was_interrupted())
                    history->add(autotune::NetworkCheck{label_of(network), 0, false, changed});
                return result;
            }
        const bool same_bits = after.contestant().outputs() == hand.contestant().outputs();
        result.hand = hand.milliseconds(), result.before = before.milliseconds();
        result.after = after.milliseconds();
        std::vector<double> ratios;
        std::map<autotune::TuningKey, std::vector<double>> by_layer;
        for (size_t round = 0; round < kRounds; ++round) {
            ratios.push_back(after.milliseconds(round) / before.milliseconds(round));
            const Sums then = before.layers(round), now = after.layers(round);
            for (const auto &[key, seconds] : now)
                by_layer[key].push_back(seconds / then.at(key));
        }
        result.ratio = median(ratios);
        std::vector<autotune::NetworkCheck::Choice> kept;
        for (const auto &choice : changed) {
            const double ratio = median(by_layer.at(choice.key));
            if (ratio < kPays) {
                kept.push_back(choice);
                continue;
            }
            history->add(autotune::NetworkCheck{label_of(network), ratio, false, {choice}});
            result.dropped.push_back(autotune::text_of(choice.key));
        }
        if (kept.size() < changed.size() && same_bits && attempt + 1 < kAttempts)
            continue;
        result.won = same_bits && result.ratio < 1;
        if (!same_bits)
            result.failure = "the network has other bits than by hand";
        if (!kept.empty())
            history->add(autotune::NetworkCheck{label_of(network), result.ratio, result.won, kept});
        refuse_unchecked(network, plan.session, old, result.won ? kept : decltype(kept)(), history);
        return result;
    }
    return result;
}

} // namespace involute
