// Trials of `involute tune`: candidates are built by the emit program, checked by the oracle and
// timed in processes of their own, in turns with the incumbent.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autotune/history.h"
#include "contestant.h"
#include "tune_instructions.h"
#include "tune_subjects.h"
#include "tune_timing.h"

namespace involute {

// Whether ctrl-C was pressed (or the process was asked to end) since the first call: work in hand
// is dropped, what was found is kept.
bool was_interrupted();

// When a search has to be over.
using Deadline = std::chrono::steady_clock::time_point;
double seconds_until(Deadline deadline);

struct TrialSettings {
    Limits build = {60, int64_t{4} << 30}; // of one candidate
    Limits run = {20, int64_t{8} << 30};   // of one answer of its process
    int rounds = 12;                       // calm ones
    double turn_seconds = 0.004;
    double noise = 0.15; // spread of the ratio's quartiles beyond which a time is none
    bool allow_reassociation = false;
    std::string cost = kTime; // or kInstructions
    std::string strategy;     // for the record
    uint64_t seed = 0;
};

// A candidate: what it is recorded as, and the case that is run.
struct Proposal {
    autotune::Json knobs;
    BenchCase which;
};

class TrialRunner {
public:
    // `history` outlives this.
    TrialRunner(const TuneSubject &subject, const TrialSettings &settings,
                autotune::History *history);
    ~TrialRunner();

    // Each trial is in the history before the next begins. Fewer come back where the time is up or
    // the user has interrupted: what was not finished is no trial.
    std::vector<autotune::Trial> run(const std::vector<autotune::Json> &knobs,
                                     const std::string &stage, Deadline deadline);
    std::vector<autotune::Trial> run(const std::vector<Proposal> &proposals,
                                     const std::string &stage, Deadline deadline);

    // Of each trial of the last run, in a folder that lives as long as this: Pack::features.
    const std::vector<std::string> &features() const {
        return features_;
    }

    // Seconds of the hand schedule, or its instructions; 0 before the first trial.
    double incumbent_cost() const {
        return incumbent_cost_;
    }

private:
    struct Candidate;
    void build(std::vector<Candidate> *candidates, Deadline deadline);
    void check(Candidate *candidate, Deadline deadline);
    void time(std::vector<Candidate> *candidates, bool all_rounds, Deadline deadline);
    void conclude(Candidate *candidate) const;
    void count(std::vector<Candidate> *candidates, Deadline deadline);
    bool start_incumbent(Deadline deadline);
    ContestantSettings where(double most_seconds) const; // all of them run in the same way
    void find_own_row(const Candidate &candidate);
    std::vector<PackRequest> requests_of(const Candidate &candidate) const;

    const TuneSubject &subject_;
    TrialSettings settings_;
    autotune::History *history_;
    Json session_; // the plan of the subject, with the row that candidates are built for
    std::shared_ptr<const oracle::Problem> problem_;
    std::unique_ptr<Contestant> incumbent_;
    std::unique_ptr<Scale> scale_;
    std::optional<WorkFolder> folder_; // of the candidates' packs
    std::vector<std::string> features_;
    double patience_ = 0; // seconds for the batch in hand
    double incumbent_cost_ = 0;
    std::map<std::string, double> counts_; // instructions, by knobs
};

// Held while something is timed (alone) or built (shared with other builders), by all processes of
// this machine that tune.
class MachineLock {
public:
    enum class Use { kBuilding, kTiming };
    // Waits for it until the deadline or an interruption.
    MachineLock(Use use, Deadline deadline);
    ~MachineLock();
    bool is_held() const {
        return held_;
    }
    MachineLock(const MachineLock &) = delete;
    MachineLock &operator=(const MachineLock &) = delete;

private:
    int file_ = -1;
    bool held_ = false;
};

} // namespace involute
