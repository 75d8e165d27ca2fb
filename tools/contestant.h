// A case that competes with others: measured in a process of its own, which may crash, hang, eat
// memory or be wrong without harm to the others, and which waits while they have their turn.
#pragma once

#include <sys/types.h>

#include <string>

#include "bench_options.h"
#include "emit_program.h"
#include "oracle/problem.h"

namespace involute {

// Where and how a contestant runs.
struct ContestantSettings {
    Limits limits;          // of one answer
    int core = -1;          // that it may not leave; -1: any
    bool profiles = false;  // profile() will be asked for
    int64_t cold_bytes = 0; // of other data that pass through the caches before every timed run
};

class Contestant {
public:
    // `problem`: what an operator is checked with, its weights are those of the model; nullptr: a
    // network with the weights of the case. It lives as long as this.
    Contestant(const BenchCase &which, const oracle::Problem *problem,
               const ContestantSettings &settings);
    ~Contestant();
    Contestant(const Contestant &) = delete;
    Contestant &operator=(const Contestant &) = delete;

    // Builds model and session: fills session() with what involute_session_json says.
    void prepare();
    // Runs once. With a problem the result is compared under its bounds, else outputs() is filled
    // for the caller to compare.
    void check();
    // Runs for `seconds`, once at least, after a run that is not timed; appends to times().
    void take_turn(double seconds);

    // Runs a few times: the median seconds of each layer, added to layer_times().
    void profile(int runs);

    // Why it is out: in its own words, or what became of its process. "" while it is well; then
    // the functions above do nothing.
    const std::string &failure() const {
        return failure_;
    }
    void disqualify(const std::string &why) {
        failure_ = why;
    }
    const BenchCase &which() const {
        return which_;
    }
    const Json &session() const {
        return session_;
    }
    const std::vector<double> &outputs() const {
        return outputs_;
    }
    // Of the check: a hash of all bits of the result, and the largest error over its bound.
    const std::string &result_hash() const {
        return result_hash_;
    }
    double worst_error() const {
        return worst_error_;
    }
    // Medians of each layer, one list a profile.
    const std::vector<std::vector<double>> &layer_times() const {
        return layer_times_;
    }
    // Seconds of each run, one list a turn.
    const std::vector<std::vector<double>> &times() const {
        return times_;
    }

private:
    void start();
    Json ask(const Json &question);
    std::string end_of_process(); // waits for it

    BenchCase which_;
    const oracle::Problem *problem_;
    ContestantSettings settings_;
    pid_t process_ = -1;
    int to_ = -1, from_ = -1;
    std::string failure_;
    Json session_;
    std::vector<double> outputs_;
    std::string result_hash_;
    double worst_error_ = 0;
    std::vector<std::vector<double>> times_, layer_times_;
};

} // namespace involute
