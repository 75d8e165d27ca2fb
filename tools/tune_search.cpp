#include "tune_search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "failure.h"
#include "print.h"

namespace involute {

namespace {

using autotune::Trial;

constexpr int kFruitless = 3;    // batches without a trial
constexpr size_t kConfirmed = 3; // of the best, beside the usual point

double cost_of(const Trial &trial) {
    return trial.outcome == autotune::Outcome::kOk ? trial.ratio : INFINITY;
}

// The hand schedule's own numbers, what is known of the shape and of its neighbours.
std::vector<size_t> starts_of(const TuneSubject &subject, const autotune::KnobSpace &space,
                              const autotune::Wisdom &known) {
    std::vector<size_t> starts = {space.usual()};
    const auto add = [&](const autotune::Json &knobs) {
        const int64_t index = space.index_of(knobs);
        const size_t point = static_cast<size_t>(index);
        if (index >= 0 && std::count(starts.begin(), starts.end(), point) == 0)
            starts.push_back(point);
    };
    std::vector<std::pair<double, autotune::Json>> neighbours;
    for (const auto &[key, entry] : known.entries) {
        const double away = autotune::distance(key, subject.key);
        if (std::isfinite(away) && !entry.knobs.empty())
            neighbours.emplace_back(away, entry.knobs);
    }
    std::stable_sort(neighbours.begin(), neighbours.end(),
                     [](const auto &a, const auto &b) { return a.first < b.first; });
    constexpr size_t kNeighbours = 4;
    for (size_t i = 0; i < neighbours.size() && i < kNeighbours; ++i)
        add(neighbours[i].second);
    return starts;
}

class LayerSearch {
public:
    LayerSearch(const TuneSubject &subject, const SearchSettings &settings,
                const autotune::Wisdom &known, autotune::History *history)
        : subject_(subject), settings_(settings), history_(history),
          space_(autotune::space_of(subject.key, settings.space)),
          strategy_(autotune::make_strategy(settings.strategy, space_,
                                            in_shard(starts_of(subject, space_, known)),
                                            settings.seed, settings.shard)),
          runner_(subject, trial_settings(), history) {
        state_.name = autotune::text_of(subject.key);
        state_.points = space_.size();
        if (settings.resume)
            resume();
    }

    const autotune::KnobSpace &space() const {
        return space_;
    }

    SearchState run(size_t planned, Deadline deadline,
                    const std::function<void(const SearchState &)> &tell) {
        state_.planned = planned;
        tell(state_);
        while (state_.done < planned && seconds_until(deadline) > 0 && !was_interrupted()) {
            const size_t count =
                std::min(batch_size(batches_++, settings_.batch), planned - state_.done);
            const std::vector<size_t> points = strategy_->propose(count);
            if (points.empty())
                break;
            const std::vector<Trial> trials = runner_.run(knobs_of(points), "search", deadline);
            for (const Trial &trial : trials)
                take(trial);
            state_.incumbent = runner_.incumbent_cost();
            tell(state_);
            // Once may be bad luck of the hand schedule's process; more often it is no luck.
            fruitless_ = trials.empty() ? fruitless_ + 1 : 0;
            if (fruitless_ == kFruitless)
                break;
        }
        confirm(deadline);
        tell(state_);
        return state_;
    }

private:
    TrialSettings trial_settings() const {
        TrialSettings trial = settings_.trial;
        trial.strategy = settings_.strategy, trial.seed = settings_.seed;
        return trial;
    }

    std::vector<size_t> in_shard(std::vector<size_t> starts) const {
        starts.erase(std::remove_if(starts.begin(), starts.end(),
                                    [&](size_t start) {
                                        return start % settings_.shard.count !=
                                               settings_.shard.index;
                                    }),
                     starts.end());
        return starts;
    }

    std::vector<autotune::Json> knobs_of(const std::vector<size_t> &points) const {
        std::vector<autotune::Json> knobs;
        for (size_t point : points)
            knobs.push_back(space_.json(space_.point(point)));
        return knobs;
    }

    // Trials of earlier runs count as done; a time that jumped may be steady now.
    void resume() {
        for (const Trial &trial : history_->trials(subject_.key, settings_.trial.cost)) {
            if (trial.stage == "search" && trial.outcome != autotune::Outcome::kNoisy)
                take(trial);
            else if (trial.outcome == autotune::Outcome::kOk)
                confirmed_.insert(trial.knobs);
        }
    }

    void take(const Trial &trial) {
        const int64_t index = space_.index_of(autotune::Json::parse(trial.knobs));
        if (index < 0)
            return; // of other restrictions of the space
        const double cost = cost_of(trial);
        strategy_->tell(static_cast<size_t>(index), cost);
        costs_.emplace_back(cost, trial.knobs);
        ++state_.done;
        state_.rejected += trial.outcome == autotune::Outcome::kOk ? 0 : 1;
        if (cost < state_.best) {
            state_.best = cost;
            state_.knobs = autotune::Json::parse(trial.knobs);
        }
    }

    // The best of many noisy times is partly luck: what becomes wisdom is measured again, longer.
    void confirm(Deadline deadline) {
        std::stable_sort(costs_.begin(), costs_.end());
        std::vector<autotune::Json> knobs;
        for (const auto &[cost, text] : costs_) {
            if (knobs.size() == kConfirmed || !std::isfinite(cost))
                break;
            if (confirmed_.insert(text).second)
                knobs.push_back(autotune::Json::parse(text));
        }
        if (knobs.empty() || was_interrupted())
            return;
        constexpr double kTimeToConfirm = 20;
        const Deadline later =
            std::max(deadline, std::chrono::steady_clock::now() +
                                   std::chrono::seconds(static_cast<int64_t>(
                                       std::min(kTimeToConfirm, 0.05 * total_seconds(deadline)))));
        state_.best = 1, state_.knobs = autotune::Json::object();
        for (const Trial &trial : runner_.run(knobs, "confirm", later))
            if (cost_of(trial) < state_.best) {
                state_.best = cost_of(trial);
                state_.knobs = autotune::Json::parse(trial.knobs);
            }
    }

    double total_seconds(Deadline deadline) const {
        return std::chrono::duration<double>(deadline - begin_).count();
    }

    const TuneSubject &subject_;
    const SearchSettings &settings_;
    autotune::History *history_;
    autotune::KnobSpace space_;
    std::unique_ptr<autotune::Strategy> strategy_;
    TrialRunner runner_;
    SearchState state_;
    std::vector<std::pair<double, std::string>> costs_;
    std::set<std::string> confirmed_;
    size_t batches_ = 0;
    int fruitless_ = 0;
    Deadline begin_ = std::chrono::steady_clock::now();
};

} // namespace

const std::vector<Effort> &efforts() {
    static const std::vector<Effort> all = {{"estimate", 4, "model"},
                                            {"measure", 48, "model"},
                                            {"patient", 192, "model"},
                                            {"exhaustive", 0, "exhaustive"}};
    return all;
}

size_t batch_size(size_t number, size_t most) {
    size_t size = 2;
    for (size_t i = 0; i < number && size < most; ++i)
        size *= 2;
    return std::min(size, most);
}

size_t planned_trials(const SearchSettings &settings, double share, size_t points) {
    const size_t own = points / settings.shard.count +
                       (settings.shard.index < points % settings.shard.count ? 1 : 0);
    if (settings.effort.trials == 0)
        return own;
    const double weight = std::clamp(share * static_cast<double>(settings.layers), 0.25, 3.0);
    const auto wanted = std::lround(weight * settings.effort.trials);
    return std::min(own, static_cast<size_t>(std::max(1L, wanted)));
}

SearchState search_layer(const TuneSubject &subject, const SearchSettings &settings,
                         const autotune::Wisdom &known, Deadline deadline,
                         autotune::History *history,
                         const std::function<void(const SearchState &)> &tell) {
    LayerSearch search(subject, settings, known, history);
    return search.run(planned_trials(settings, subject.share, search.space().size()), deadline,
                      tell);
}

} // namespace involute
