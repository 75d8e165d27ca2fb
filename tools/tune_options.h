// What `involute tune` was asked for.
#pragma once

#include <string>
#include <vector>

#include "tune_search.h"

namespace involute {

struct TuneOptions {
    RawOptions raw;
    RawOperator op;
    std::string effort = "measure", time_limit, strategy, seed, shard, trials, history, report;
    std::string cost = kTime;
    std::string rounds;
    std::string build_time, build_memory, run_time, run_memory;
    std::string command;            // as it was given
    std::vector<std::string> knobs; // --knob name=VALUES
    bool resume = false, allow_reassociation = false, dry_run = false, json = false;
};

// Seconds of "90", "90s", "10m", "2h".
double parse_duration(const std::string &argument, const std::string &text);

SearchSettings search_settings(const TuneOptions &options);

// One case for every network or operator, size, batch, number of threads and instruction set that
// the options name; of threads and batch one each unless lists are given.
std::vector<BenchCase> tune_cases(const TuneOptions &options);

} // namespace involute
