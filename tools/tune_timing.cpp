#include "tune_timing.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench_runner.h"
#include "peak.h"

namespace involute {

namespace {

constexpr double kCalm = 1.08; // of the shortest turn: beyond that something else has the core
constexpr std::chrono::milliseconds kPause(20);
constexpr size_t kEnough = 4; // calm turns that say more than disturbed ones

// What a turn says of a kernel. Whatever disturbs a shared machine only adds to a time, in bursts;
// the lower quartile bears it in three runs of four, and is not the luck of a single run that a
// minimum is.
double turn_time(const std::vector<double> &seconds) {
    return quantile(seconds, 0.25);
}

} // namespace

double quantile(std::vector<double> values, double share) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

bool Weighing::is_calm() const {
    return calm_.size() >= kEnough;
}

const std::vector<Weighing::Turn> &Weighing::counting() const {
    return is_calm() ? calm_ : disturbed_.size() > calm_.size() ? disturbed_ : calm_;
}

std::vector<double> Weighing::ratios() const {
    std::vector<double> ratios;
    for (const Turn &turn : counting())
        ratios.push_back(turn.ratio);
    return ratios;
}

double Weighing::ratio() const {
    return median(ratios());
}

double Weighing::ratio_quantile(double share) const {
    return quantile(ratios(), share);
}

double Weighing::spread() const {
    return (ratio_quantile(0.75) - ratio_quantile(0.25)) / ratio();
}

std::vector<double> Weighing::seconds() const {
    std::vector<double> all;
    for (const Turn &turn : counting())
        all.insert(all.end(), turn.seconds.begin(), turn.seconds.end());
    std::sort(all.begin(), all.end());
    return all;
}

double Scale::take_turn() {
    incumbent_->take_turn(turn_seconds_);
    if (!incumbent_->failure().empty())
        return 0;
    const double seconds = turn_time(incumbent_->times().back());
    calmest_ = calmest_ == 0 ? seconds : std::min(calmest_, seconds);
    turns_.push_back(seconds);
    return seconds;
}

// What shares the core with us may stay for seconds: then it is better to wait.
double Scale::take_calm_turn() {
    const BenchClock::time_point start = BenchClock::now();
    double seconds = take_turn();
    while (seconds > 0 && !is_calm(seconds) &&
           seconds_between(start, BenchClock::now()) < patience_) {
        std::this_thread::sleep_for(kPause);
        seconds = take_turn();
    }
    patience_ -= seconds_between(start, BenchClock::now());
    return seconds;
}

bool Scale::is_calm(double seconds) const {
    return seconds <= kCalm * calmest_;
}

void Scale::weigh(Contestant *candidate, Weighing *weighing) {
    const double before = last_ > 0 && is_calm(last_) ? last_ : take_calm_turn();
    candidate->take_turn(turn_seconds_);
    last_ = take_turn();
    if (before == 0 || last_ == 0 || !candidate->failure().empty())
        return;
    Weighing::Turn turn;
    turn.seconds = candidate->times().back();
    turn.ratio = 2 * turn_time(turn.seconds) / (before + last_);
    const bool calm = is_calm(before) && is_calm(last_);
    (calm ? weighing->calm_ : weighing->disturbed_).push_back(turn);
}

double Scale::incumbent_seconds() const {
    std::vector<double> calm;
    for (const double seconds : turns_)
        if (is_calm(seconds))
            calm.push_back(seconds);
    return median(calm);
}

} // namespace involute
