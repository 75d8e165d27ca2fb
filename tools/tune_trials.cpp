#include "tune_trials.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "autotune/spaces.h"
#include "failure.h"
#include "peak.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;
using autotune::Trial;
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted_ = 0;

constexpr double kHopeless = 1.25; // times the best of its round: more rounds would not help
constexpr int kFewRounds = 4;
constexpr int kMoreRounds = 2; // times as many, where a time is noisy
constexpr double kQuiet = 0.05;
constexpr int64_t kColdBytes = int64_t{4} << 20; // more than an L2 cache holds

// The last core this process may use: the first has the most to do with everything else.
int a_core() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    for (int core = CPU_SETSIZE - 1; core >= 0; --core)
        if (CPU_ISSET(core, &set))
            return core;
    return -1;
}

double quantile(std::vector<double> values, double share) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

autotune::Outcome outcome_of_build(const Pack &pack) {
    return pack.exit_code == 4                                 ? autotune::Outcome::kRefused
           : pack.exit_code == 128 + SIGALRM                   ? autotune::Outcome::kTimedOut
           : pack.error.find("bad_alloc") != std::string::npos ? autotune::Outcome::kOutOfMemory
           : pack.error.find("memory") != std::string::npos    ? autotune::Outcome::kOutOfMemory
           : pack.exit_code > 128                              ? autotune::Outcome::kCrashed
                                                               : autotune::Outcome::kFailed;
}

autotune::Outcome outcome_of_run(const std::string &failure) {
    const auto has = [&](const char *words) { return failure.find(words) != std::string::npos; };
    return has("wrong:")              ? autotune::Outcome::kWrong
           : has("without an answer") ? autotune::Outcome::kTimedOut
           : has("memory")            ? autotune::Outcome::kOutOfMemory
           : has("ended ")            ? autotune::Outcome::kCrashed
                                      : autotune::Outcome::kFailed;
}

// What a turn says of a kernel. Whatever disturbs a shared machine only adds to a time, in bursts
// that hit one side of a ratio; the lower quartile bears it in three runs of four, and is not the
// luck of a single run that a minimum is.
double turn_time(const std::vector<double> &seconds) {
    return quantile(seconds, 0.25);
}

std::vector<double> joined_times(const std::vector<std::vector<double>> &turns) {
    std::vector<double> all;
    for (const std::vector<double> &turn : turns)
        all.insert(all.end(), turn.begin(), turn.end());
    return all;
}

} // namespace

bool was_interrupted() {
    static const bool installed = [] {
        for (int number : {SIGINT, SIGTERM, SIGHUP})
            std::signal(number, [](int) { interrupted_ = 1; });
        return true;
    }();
    return installed && interrupted_ != 0;
}

double seconds_until(Deadline deadline) {
    return std::chrono::duration<double>(deadline - Clock::now()).count();
}

MachineLock::MachineLock(Use use) {
    const std::string path =
        (fs::temp_directory_path() / ("involute-tune-" + std::to_string(getuid()))).string();
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file_ < 0)
        return; // nobody to wait for
    const int kind = use == Use::kTiming ? LOCK_EX : LOCK_SH;
    while (flock(file_, kind) != 0 && errno == EINTR && !was_interrupted()) {
    }
}

MachineLock::~MachineLock() {
    if (file_ >= 0)
        close(file_);
}

struct TrialRunner::Candidate {
    BenchCase which;
    std::string features, symbol;
    std::unique_ptr<Contestant> contestant;
    std::vector<double> ratios; // one a round
    Trial trial;
    bool finished = false; // the trial is complete

    void reject(autotune::Outcome outcome, const std::string &reason) {
        trial.outcome = outcome, trial.reason = reason;
        finished = true;
        contestant.reset();
    }
};

TrialRunner::TrialRunner(const TuneSubject &subject, const TrialSettings &settings,
                         autotune::History *history)
    : subject_(subject), settings_(settings), history_(history),
      problem_(problem_of(subject.which, subject.plan)) {
    if (!problem_)
        throw Failure(kExitFailed, autotune::text_of(subject.key) + ": has no oracle");
    std::error_code ignored;
    fs::create_directories(packs_folder(), ignored);
    folder_.emplace(packs_folder());
}

TrialRunner::~TrialRunner() = default;

std::vector<Trial> TrialRunner::run(const std::vector<autotune::Json> &knobs,
                                    const std::string &stage, Deadline deadline) {
    std::vector<Proposal> proposals;
    for (const autotune::Json &one : knobs) {
        BenchCase which = subject_.which;
        which.schedule = kTuned;
        const auto wisdom = std::make_shared<autotune::Wisdom>();
        wisdom->header = wisdom_header();
        wisdom->entries[subject_.key] = {one, "time"};
        which.wisdom = wisdom;
        proposals.push_back({one, which});
    }
    return run(proposals, stage, deadline);
}

std::vector<Trial> TrialRunner::run(const std::vector<Proposal> &proposals,
                                    const std::string &stage, Deadline deadline) {
    std::vector<Candidate> candidates(proposals.size());
    for (size_t i = 0; i < proposals.size(); ++i) {
        Candidate &candidate = candidates[i];
        candidate.which = proposals[i].which;
        candidate.trial.knobs = proposals[i].knobs.dump();
        candidate.trial.stage = stage;
        candidate.trial.strategy = settings_.strategy, candidate.trial.seed = settings_.seed;
    }
    // Candidates and their processes find their packs here and nowhere else.
    const std::string usual = environment_text("INVOLUTE_PACKS");
    setenv("INVOLUTE_PACKS", folder_->path().c_str(), 1);
    build(&candidates, deadline);
    if (start_incumbent(deadline)) {
        const MachineLock alone(MachineLock::Use::kTiming);
        for (Candidate &candidate : candidates)
            check(&candidate, deadline);
        if (settings_.cost == kInstructions)
            count(&candidates, deadline);
        else
            time(&candidates, stage == "confirm", deadline);
    }
    usual.empty() ? unsetenv("INVOLUTE_PACKS") : setenv("INVOLUTE_PACKS", usual.c_str(), 1);
    std::vector<Trial> trials;
    features_.clear();
    for (Candidate &candidate : candidates) {
        candidate.contestant.reset();
        if (!candidate.finished ||
            (was_interrupted() && candidate.trial.outcome != autotune::Outcome::kOk))
            continue;
        history_->add(subject_.key, settings_.cost, candidate.trial);
        trials.push_back(candidate.trial);
        features_.push_back(candidate.features);
    }
    return trials;
}

// Of the one layer that is tuned; the others stay with the hand schedule.
std::vector<PackRequest> TrialRunner::requests_of(const Candidate &candidate) const {
    Json session = subject_.plan.session;
    if (candidate.which.schedule == kTuned)
        session["layers"] = Json::array({session.at("layers").at(subject_.layer)});
    return pack_requests(session, candidate.which.schedule, tuning_of(candidate.which));
}

void TrialRunner::build(std::vector<Candidate> *candidates, Deadline deadline) {
    const MachineLock building(MachineLock::Use::kBuilding);
    std::vector<PackRequest> requests;
    std::vector<Candidate *> owners;
    for (Candidate &candidate : *candidates)
        for (const PackRequest &request : requests_of(candidate)) {
            requests.push_back(request);
            owners.push_back(&candidate);
        }
    Limits limits = settings_.build;
    limits.seconds = std::max(1.0, std::min(limits.seconds, seconds_until(deadline)));
    const std::vector<Pack> packs = build_packs(requests, limits, false);
    for (size_t i = 0; i < packs.size(); ++i) {
        Candidate &candidate = *owners[i];
        if (packs[i].description.is_object()) {
            candidate.trial.build_seconds += packs[i].description.value("build_s", 0.0);
            candidate.trial.code_bytes += packs[i].description.value("code_bytes", int64_t{0});
        }
        candidate.features = packs[i].features;
        candidate.symbol = requests[i].symbol();
        if (packs[i].error.empty())
            continue;
        const bool shortened = limits.seconds < settings_.build.seconds;
        const autotune::Outcome outcome = outcome_of_build(packs[i]);
        if (outcome == autotune::Outcome::kTimedOut && shortened && seconds_until(deadline) > 1)
            continue; // the search is over, not the candidate
        candidate.reject(outcome, packs[i].error);
    }
}

bool TrialRunner::start_incumbent(Deadline deadline) {
    if (incumbent_ && incumbent_->failure().empty())
        return true;
    if (seconds_until(deadline) <= 0 || was_interrupted())
        return false;
    BenchCase hand = subject_.which;
    hand.schedule = kHand;
    ContestantSettings settings = {settings_.run};
    settings.core = subject_.which.threads == 1 ? a_core() : -1;
    settings.cold_bytes = subject_.in_network ? kColdBytes : 0;
    incumbent_ = std::make_unique<Contestant>(hand, problem_.get(), settings);
    incumbent_->prepare();
    incumbent_->check();
    if (!incumbent_->failure().empty() && !was_interrupted())
        throw Failure(kExitFailed,
                      autotune::text_of(subject_.key) + ", by hand: " + incumbent_->failure());
    return incumbent_->failure().empty();
}

void TrialRunner::check(Candidate *candidate, Deadline deadline) {
    if (candidate->finished || seconds_until(deadline) <= 0 || was_interrupted())
        return;
    ContestantSettings settings = {settings_.run};
    settings.limits.seconds =
        std::max(0.1, std::min(settings.limits.seconds, seconds_until(deadline)));
    settings.core = subject_.which.threads == 1 ? a_core() : -1;
    settings.cold_bytes = subject_.in_network ? kColdBytes : 0;
    candidate->contestant =
        std::make_unique<Contestant>(candidate->which, problem_.get(), settings);
    candidate->contestant->prepare();
    candidate->contestant->check();
    const Contestant &contestant = *candidate->contestant;
    candidate->trial.worst_error = contestant.worst_error();
    if (!contestant.failure().empty())
        candidate->reject(outcome_of_run(contestant.failure()), contestant.failure());
    else if (contestant.result_hash() != incumbent_->result_hash() &&
             !settings_.allow_reassociation)
        candidate->reject(autotune::Outcome::kChanged,
                          "other bits than the hand schedule's, within the bound");
}

// A round: the incumbent, then every candidate once; a ratio compares what ran side by side.
void TrialRunner::time(std::vector<Candidate> *candidates, bool all_rounds, Deadline deadline) {
    const auto spread = [](const Candidate &candidate) {
        return (quantile(candidate.ratios, 0.75) - quantile(candidate.ratios, 0.25)) /
               median(candidate.ratios);
    };
    const int rounds = all_rounds ? kMoreRounds * settings_.rounds : settings_.rounds;
    for (int round = 0; round < kMoreRounds * rounds; ++round) {
        double best = INFINITY;
        for (const Candidate &candidate : *candidates)
            if (candidate.contestant && !candidate.ratios.empty())
                best = std::min(best, median(candidate.ratios));
        std::vector<Candidate *> running;
        for (Candidate &candidate : *candidates) {
            if (!candidate.contestant)
                continue;
            const bool hopeless =
                round >= kFewRounds && !all_rounds && median(candidate.ratios) > kHopeless * best;
            if (!hopeless && (round < rounds || spread(candidate) > kQuiet))
                running.push_back(&candidate);
        }
        if (running.empty() || was_interrupted())
            break;
        if (seconds_until(deadline) <= 0 && round >= kFewRounds)
            break;
        incumbent_->take_turn(settings_.turn_seconds);
        if (!incumbent_->failure().empty())
            break;
        const double by_hand = turn_time(incumbent_->times().back());
        for (Candidate *candidate : running) {
            candidate->contestant->take_turn(settings_.turn_seconds);
            const std::string failure = candidate->contestant->failure();
            if (!failure.empty())
                candidate->reject(outcome_of_run(failure), failure);
            else
                candidate->ratios.push_back(turn_time(candidate->contestant->times().back()) /
                                            by_hand);
        }
    }
    incumbent_cost_ = median(joined_times(incumbent_->times()));
    for (Candidate &candidate : *candidates) {
        if (!candidate.contestant || static_cast<int>(candidate.ratios.size()) < kFewRounds)
            continue;
        Trial &trial = candidate.trial;
        const std::vector<double> times = joined_times(candidate.contestant->times());
        trial.minimum = quantile(times, 0), trial.quartile1 = quantile(times, 0.25);
        trial.median = median(times), trial.quartile3 = quantile(times, 0.75);
        trial.incumbent = incumbent_cost_;
        trial.ratio = median(candidate.ratios);
        if (spread(candidate) > settings_.noise)
            candidate.reject(autotune::Outcome::kNoisy,
                             "its time jumps: quartiles of the ratio to the hand schedule's are " +
                                 significant(quantile(candidate.ratios, 0.25), 3) + " and " +
                                 significant(quantile(candidate.ratios, 0.75), 3));
        candidate.finished = true;
    }
}

void TrialRunner::count(std::vector<Candidate> *candidates, Deadline deadline) {
    const auto counted = [&](const BenchCase &which, const std::string &symbol,
                             std::string *failure) {
        const WorkFolder folder(folder_->path());
        return count_instructions(which, symbol, folder.path(), failure);
    };
    if (incumbent_cost_ == 0) {
        BenchCase hand = subject_.which;
        hand.schedule = kHand;
        const Json &layer = subject_.plan.session.at("layers").at(subject_.layer);
        std::string failure;
        incumbent_cost_ = counted(hand, layer.at("symbol"), &failure);
        if (!failure.empty())
            throw Failure(kExitEnvironment, "--cost instructions: " + failure);
    }
    for (Candidate &candidate : *candidates) {
        if (!candidate.contestant || seconds_until(deadline) <= 0 || was_interrupted())
            continue;
        std::string failure;
        const double count = counted(candidate.which, candidate.symbol, &failure);
        if (!failure.empty()) {
            candidate.reject(autotune::Outcome::kFailed, failure);
            continue;
        }
        Trial &trial = candidate.trial;
        trial.minimum = trial.quartile1 = trial.median = trial.quartile3 = count;
        trial.incumbent = incumbent_cost_;
        trial.ratio = count / incumbent_cost_;
        candidate.finished = true;
    }
}

} // namespace involute
