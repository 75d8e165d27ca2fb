// A case that competes with others: measured in a process of its own, which may crash, hang, eat
// memory or be wrong without harm to the others, and which waits while they have their turn.
#pragma once

#include <sys/types.h>

#include <string>

#include "bench_options.h"
#include "emit_program.h"
#include "oracle/problem.h"

namespace involute {

class Contestant {
public:
    // `problem`: what an operator is checked with, its weights are those of the model; nullptr: a
    // network with the weights of the case. It lives as long as this.
    Contestant(const BenchCase &which, const oracle::Problem *problem, Limits limits);
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
    Limits limits_;
    pid_t process_ = -1;
    int to_ = -1, from_ = -1;
    std::string failure_;
    Json session_;
    std::vector<double> outputs_;
    std::vector<std::vector<double>> times_;
};

} // namespace involute
