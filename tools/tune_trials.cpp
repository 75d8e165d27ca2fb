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
#include <thread>

#include "autotune/spaces.h"
#include "bench_runner.h"
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
constexpr double kPatience = 2;    // of the time that a batch took to build: waiting for calm
constexpr size_t kFewRounds = 4;
constexpr int kMoreRounds = 3; // times as many, where a time is noisy or to be confirmed
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

// Candidates and their processes find their packs here and nowhere else.
class PacksFolder {
public:
    explicit PacksFolder(const std::string &path) : usual_(environment_text("INVOLUTE_PACKS")) {
        setenv("INVOLUTE_PACKS", path.c_str(), 1);
    }
    ~PacksFolder() {
        usual_.empty() ? unsetenv("INVOLUTE_PACKS") : setenv("INVOLUTE_PACKS", usual_.c_str(), 1);
    }
    PacksFolder(const PacksFolder &) = delete;
    PacksFolder &operator=(const PacksFolder &) = delete;

private:
    std::string usual_;
};

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

MachineLock::MachineLock(Use use, Deadline deadline) {
    const std::string path =
        (fs::temp_directory_path() / ("involute-tune-" + std::to_string(getuid()))).string();
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int kind = use == Use::kTiming ? LOCK_EX : LOCK_SH;
    held_ = file_ < 0; // nobody to wait for
    while (!held_ && seconds_until(deadline) > 0 && !was_interrupted()) {
        held_ = flock(file_, kind | LOCK_NB) == 0;
        if (!held_)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
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
    Weighing weighing;
    Trial trial;
    bool is_built = false;
    bool finished = false; // the trial is complete

    void reject(autotune::Outcome outcome, const std::string &reason) {
        trial.outcome = outcome, trial.reason = reason;
        finished = true;
        contestant.reset();
    }
};

TrialRunner::TrialRunner(const TuneSubject &subject, const TrialSettings &settings,
                         autotune::History *history)
    : subject_(subject), settings_(settings), history_(history), session_(subject.plan.session),
      problem_(problem_of(subject.which, subject.plan)) {
    if (!problem_)
        throw Failure(kExitFailed, autotune::text_of(subject.key) + ": has no oracle");
    std::error_code ignored;
    fs::create_directories(packs_folder(), ignored);
    folder_.emplace(packs_folder());
    prepare_packs(folder_->path()); // not in the time of the first candidate
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
    const PacksFolder own(folder_->path());
    const BenchClock::time_point start = BenchClock::now();
    build(&candidates, deadline);
    patience_ = std::max(0.2, kPatience * seconds_between(start, BenchClock::now()));
    if (start_incumbent(deadline)) {
        const MachineLock alone(MachineLock::Use::kTiming, deadline);
        for (Candidate &candidate : candidates)
            check(&candidate, deadline);
        if (settings_.cost == kInstructions)
            count(&candidates, deadline);
        else
            time(&candidates, stage == "confirm", deadline);
    }
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

// A layer of a generic row gets a row of its own, whose calls only a session with that row knows.
void TrialRunner::find_own_row(const Candidate &candidate) {
    const Json &layer = session_.at("layers").at(subject_.layer);
    if (candidate.which.schedule != kTuned || !has_own_row(layer) || !layer.at("generic"))
        return;
    ContestantSettings settings = {{settings_.build.seconds, settings_.run.bytes}};
    Contestant probe(candidate.which, problem_.get(), settings);
    probe.prepare();
    if (probe.failure().empty())
        session_ = probe.session();
}

// Of the one layer that is tuned; the others stay with the hand schedule.
std::vector<PackRequest> TrialRunner::requests_of(const Candidate &candidate) const {
    Json session = session_;
    if (candidate.which.schedule == kTuned)
        session["layers"] = Json::array({session.at("layers").at(subject_.layer)});
    return pack_requests(session, candidate.which.schedule, tuning_of(candidate.which));
}

void TrialRunner::build(std::vector<Candidate> *candidates, Deadline deadline) {
    const MachineLock building(MachineLock::Use::kBuilding, deadline);
    if (!building.is_held() || candidates->empty())
        return;
    find_own_row(candidates->front());
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
        candidate.is_built = packs[i].error.empty();
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

ContestantSettings TrialRunner::where(double most_seconds) const {
    ContestantSettings settings = {settings_.run};
    settings.limits.seconds = std::max(0.1, std::min(settings.limits.seconds, most_seconds));
    settings.core = subject_.which.threads == 1 ? a_core() : -1;
    settings.cold_bytes = subject_.in_network ? kColdBytes : 0;
    return settings;
}

bool TrialRunner::start_incumbent(Deadline deadline) {
    if (incumbent_ && incumbent_->failure().empty())
        return true;
    if (seconds_until(deadline) <= 0 || was_interrupted())
        return false;
    BenchCase hand = subject_.which;
    hand.schedule = kHand;
    incumbent_ = std::make_unique<Contestant>(hand, problem_.get(), where(settings_.run.seconds));
    scale_ = std::make_unique<Scale>(incumbent_.get(), settings_.turn_seconds);
    incumbent_->prepare();
    incumbent_->check();
    if (!incumbent_->failure().empty() && !was_interrupted())
        throw Failure(kExitFailed,
                      autotune::text_of(subject_.key) + ", by hand: " + incumbent_->failure());
    return incumbent_->failure().empty();
}

void TrialRunner::check(Candidate *candidate, Deadline deadline) {
    if (candidate->finished || !candidate->is_built || seconds_until(deadline) <= 0 ||
        was_interrupted())
        return;
    candidate->contestant = std::make_unique<Contestant>(candidate->which, problem_.get(),
                                                         where(seconds_until(deadline)));
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

// Round by round, so that every candidate sees good and bad moments; who has no chance leaves
// early, who spreads stays longer.
void TrialRunner::time(std::vector<Candidate> *candidates, bool all_rounds, Deadline deadline) {
    const size_t rounds = static_cast<size_t>((all_rounds ? kMoreRounds : 1) * settings_.rounds);
    const size_t most = kMoreRounds * rounds; // turns, disturbed ones included
    const auto is_done = [&](const Candidate &candidate, double best) {
        const Weighing &weighing = candidate.weighing;
        const size_t turns = weighing.rounds() + weighing.disturbed();
        if (!candidate.contestant || turns >= most)
            return true;
        if (!all_rounds && weighing.is_calm() && weighing.ratio() > kHopeless * best)
            return true;
        return weighing.rounds() >= rounds && weighing.spread() <= kQuiet;
    };
    scale_->begin(std::max(0.0, std::min(patience_, seconds_until(deadline))));
    for (bool some = true; some && !was_interrupted();) {
        double best = INFINITY;
        for (const Candidate &candidate : *candidates)
            if (candidate.contestant && candidate.weighing.rounds() > 0)
                best = std::min(best, candidate.weighing.ratio());
        some = false;
        for (Candidate &candidate : *candidates) {
            const size_t turns = candidate.weighing.rounds() + candidate.weighing.disturbed();
            if (is_done(candidate, best) || (seconds_until(deadline) <= 0 && turns >= kFewRounds))
                continue;
            some = true;
            scale_->weigh(candidate.contestant.get(), &candidate.weighing);
            if (!incumbent_->failure().empty())
                return; // the next batch begins with another process of it
            const std::string failure = candidate.contestant->failure();
            if (!failure.empty())
                candidate.reject(outcome_of_run(failure), failure);
        }
    }
    incumbent_cost_ = scale_->incumbent_seconds();
    for (Candidate &candidate : *candidates)
        conclude(&candidate);
}

void TrialRunner::conclude(Candidate *candidate) const {
    const Weighing &weighing = candidate->weighing;
    if (!candidate->contestant || weighing.rounds() + weighing.disturbed() < kFewRounds)
        return;
    Trial &trial = candidate->trial;
    const std::vector<double> times = weighing.seconds();
    trial.minimum = times.front(), trial.quartile1 = quantile(times, 0.25);
    trial.median = quantile(times, 0.5), trial.quartile3 = quantile(times, 0.75);
    trial.incumbent = incumbent_cost_;
    trial.ratio = weighing.ratio();
    if (!weighing.is_calm())
        candidate->reject(autotune::Outcome::kNoisy, "the machine was disturbed in " +
                                                         std::to_string(weighing.disturbed()) +
                                                         " turns");
    else if (weighing.spread() > settings_.noise)
        candidate->reject(autotune::Outcome::kNoisy,
                          "its time jumps: quartiles of the ratio to the hand schedule's are " +
                              significant(weighing.ratio_quantile(0.25), 3) + " and " +
                              significant(weighing.ratio_quantile(0.75), 3));
    candidate->finished = true;
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
        Trial &trial = candidate.trial;
        double &count = counts_[trial.knobs]; // once is enough: to confirm it, it is said again
        std::string failure;
        if (count == 0)
            count = counted(candidate.which, candidate.symbol, &failure);
        if (!failure.empty()) {
            candidate.reject(autotune::Outcome::kFailed, failure);
            continue;
        }
        trial.minimum = trial.quartile1 = trial.median = trial.quartile3 = count;
        trial.incumbent = incumbent_cost_;
        trial.ratio = count / incumbent_cost_;
        candidate.finished = true;
    }
}

} // namespace involute
