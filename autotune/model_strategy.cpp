#include "autotune/model_strategy.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace involute::autotune {

namespace {

constexpr size_t kSpread = 8;       // points before the model
constexpr size_t kSpreadDraws = 64; // of which one becomes such a point
constexpr size_t kMaxOpen = 20000;  // points that one fit is asked about
constexpr size_t kBest = 100;       // points that it is fitted to, at most
constexpr size_t kRecent = 100;     // and these; also the most that are believed
constexpr size_t kNeighboursOf = 3; // best points whose neighbours are always among those asked
constexpr size_t kLocalEvery = 2;   // one proposal in so many is a neighbour of the best point
constexpr double kWorstRatio = 4;   // how much worse than the best matters no more

// Of the costs. What is far from good would only widen the model's scale. Rejected points count as
// the worst of the others.
std::vector<double> targets_of(const std::vector<double> &costs) {
    double best = std::numeric_limits<double>::infinity(), worst = -best;
    for (double cost : costs) {
        if (std::isfinite(cost)) {
            best = std::min(best, std::log(cost));
            worst = std::max(worst, std::log(cost));
        }
    }
    if (!std::isfinite(best))
        return std::vector<double>(costs.size(), 0);
    worst = std::min(worst, best + std::log(kWorstRatio));
    std::vector<double> targets;
    for (double cost : costs)
        targets.push_back(std::isfinite(cost) ? std::min(std::log(cost), worst) : worst);
    return targets;
}

struct Candidate {
    size_t point;
    double mean;
    double improvement; // expected at most
};

// Orders of candidates, the better later; never a tie, so that the same costs give the same order.
bool is_worse(const Candidate &a, const Candidate &b) {
    return a.mean != b.mean ? a.mean > b.mean : a.point > b.point;
}
bool promises_less(const Candidate &a, const Candidate &b) {
    return a.improvement != b.improvement ? a.improvement < b.improvement : is_worse(a, b);
}

} // namespace

ModelStrategy::ModelStrategy(const KnobSpace &space, const std::vector<size_t> &starts,
                             uint64_t seed, Shard shard)
    : space_(space), shard_(shard), random_(seed), starts_(starts), seen_(space.size(), false) {
    starts_.insert(starts_.begin(), space.usual());
    kernel_.lengths.assign(space.features(space.usual()).size(), kSmoothLength);
}

bool ModelStrategy::is_open(size_t point) const {
    return point % shard_.count == shard_.index && !seen_[point];
}

void ModelStrategy::tell(size_t point, double cost) {
    check_told(space_.size(), point, cost);
    const auto pending = std::find(pending_.begin(), pending_.end(), point);
    if (pending != pending_.end()) {
        pending_.erase(pending);
    } else if (seen_[point]) {
        const auto is_it = [&](const Told &told) { return told.point == point; };
        told_.erase(std::find_if(told_.begin(), told_.end(), is_it));
    } else {
        ++spread_;
    }
    seen_[point] = true;
    told_.push_back({point, cost});
}

void ModelStrategy::take(size_t point, std::vector<size_t> &proposals) {
    seen_[point] = true;
    pending_.push_back(point);
    proposals.push_back(point);
}

std::vector<size_t> ModelStrategy::propose(size_t count) {
    std::vector<size_t> proposals;
    for (; next_start_ < starts_.size() && proposals.size() < count; ++next_start_) {
        if (is_open(starts_[next_start_]))
            take(starts_[next_start_], proposals);
    }
    for (; spread_ < kSpread && proposals.size() < count; ++spread_) {
        const size_t point = spread_point();
        if (point == space_.size())
            return proposals;
        take(point, proposals);
    }
    if (proposals.size() < count)
        propose_by_model(count, proposals);
    return proposals;
}

std::vector<size_t> ModelStrategy::open_points() const {
    std::vector<size_t> points;
    for (size_t point = shard_.index; point < space_.size(); point += shard_.count) {
        if (!seen_[point])
            points.push_back(point);
    }
    return points;
}

// Of some points drawn, that whose values were tried least often: what each value does by itself is
// most of what there is to learn, and distances would favour the corners of the space, where the
// best point seldom is. The space's size where none is open.
size_t ModelStrategy::spread_point() {
    std::vector<Point> tried;
    for (size_t point : pending_)
        tried.push_back(space_.point(point));
    for (const Told &told : told_)
        tried.push_back(space_.point(told.point));
    std::vector<size_t> drawn = open_points();
    random_.draw_to_front(drawn, kSpreadDraws);
    drawn.resize(std::min(drawn.size(), kSpreadDraws));

    size_t chosen = space_.size();
    double most = -1;
    for (size_t candidate : drawn) {
        const Point point = space_.point(candidate);
        double news = 0;
        for (size_t k = 0; k < point.size(); ++k) {
            const auto same = [&](const Point &other) { return other[k] == point[k]; };
            news += 1.0 / static_cast<double>(1 + std::count_if(tried.begin(), tried.end(), same));
        }
        if (news > most) {
            most = news;
            chosen = candidate;
        }
    }
    return chosen;
}

// Open points with one knob changed.
std::vector<size_t> ModelStrategy::neighbours(size_t point) const {
    std::vector<size_t> found;
    const Point centre = space_.point(point);
    for (size_t k = 0; k < centre.size(); ++k) {
        Point near = centre;
        for (int value : space_.knobs()[k].values) {
            near[k] = value;
            const int64_t index = space_.index_of(near);
            if (index >= 0 && is_open(static_cast<size_t>(index)))
                found.push_back(static_cast<size_t>(index));
        }
    }
    return found;
}

// The best first. Of a long search the best and the latest alone: a fit to all would take too long.
std::vector<ModelStrategy::Told> ModelStrategy::training() const {
    std::vector<Told> points(told_.rbegin(), told_.rend());
    const auto better = [](const Told &a, const Told &b) { return a.cost < b.cost; };
    if (points.size() > kBest + kRecent) {
        std::vector<Told> latest(points.begin(), points.begin() + kRecent);
        points.erase(points.begin(), points.begin() + kRecent);
        std::stable_sort(points.begin(), points.end(), better);
        points.resize(kBest);
        points.insert(points.end(), latest.begin(), latest.end());
    }
    std::stable_sort(points.begin(), points.end(), better);
    return points;
}

// `best`: the least target. Pending points are believed.
GaussianProcess ModelStrategy::fit(const std::vector<Told> &known, double *best) {
    std::vector<double> costs;
    std::vector<Input> inputs;
    for (const Told &told : known) {
        costs.push_back(told.cost);
        inputs.push_back(space_.features(told.point));
    }
    const std::vector<double> targets = targets_of(costs);
    *best = targets.empty() ? 0 : targets.front();
    if (told_.size() > fitted_ + fitted_ / 10) { // the choice takes longer than many predictions
        kernel_ = likeliest_kernel(kernel_, inputs, targets);
        fitted_ = told_.size();
    }
    GaussianProcess process(kernel_, inputs, targets);
    for (size_t p = pending_.size() - std::min(pending_.size(), kRecent); p < pending_.size(); ++p)
        process.believe(space_.features(pending_[p]));
    return process;
}

// All open points, or some of them and the neighbours of the best.
std::vector<size_t> ModelStrategy::asked_points(const std::vector<Told> &known) {
    std::vector<size_t> points = open_points();
    if (points.size() <= kMaxOpen)
        return points;
    random_.draw_to_front(points, kMaxOpen);
    points.resize(kMaxOpen);
    for (size_t k = 0; k < std::min(kNeighboursOf, known.size()); ++k) {
        const std::vector<size_t> near = neighbours(known[k].point);
        points.insert(points.end(), near.begin(), near.end());
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

void ModelStrategy::propose_by_model(size_t count, std::vector<size_t> &proposals) {
    const std::vector<Told> known = training();
    const std::vector<size_t> asked = asked_points(known);
    if (asked.empty())
        return;
    double best;
    GaussianProcess process = fit(known, &best);
    const auto candidate = [&](size_t point) {
        const Prediction prediction = process.predict(space_.features(point));
        return Candidate{point, prediction.mean, expected_improvement(prediction, best)};
    };
    std::vector<Candidate> all, local;
    for (size_t point : asked)
        all.push_back(candidate(point));
    std::make_heap(all.begin(), all.end(), promises_less);
    if (!known.empty()) {
        for (size_t point : neighbours(known.front().point))
            local.push_back(candidate(point));
    }
    std::sort(local.begin(), local.end(), is_worse);

    // Whatever is chosen is believed ("Kriging believer": Ginsbourger, Le Riche & Carraro, 2010).
    // That only makes deviations smaller, so that improvements only fall: a candidate that is still
    // at the top of the heap once it is up to date is the most promising.
    while (proposals.size() < count) {
        const bool near = !local.empty() && modelled_ % kLocalEvery == kLocalEvery - 1;
        std::vector<Candidate> &from = near ? local : all;
        if (from.empty())
            return;
        if (!near)
            std::pop_heap(all.begin(), all.end(), promises_less);
        Candidate chosen = from.back();
        from.pop_back();
        if (seen_[chosen.point])
            continue;
        if (!near) {
            chosen = candidate(chosen.point);
            if (!all.empty() && promises_less(chosen, all.front())) {
                all.push_back(chosen);
                std::push_heap(all.begin(), all.end(), promises_less);
                continue;
            }
        }
        ++modelled_;
        process.believe(space_.features(chosen.point));
        take(chosen.point, proposals);
    }
}

} // namespace involute::autotune
