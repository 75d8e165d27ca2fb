// What `involute bench` was asked for, and the cases that its lists span.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network.h"

namespace involute {

struct BenchOptions {
    RawOptions raw;
    RawOperator op;
    std::vector<std::string> simulated_threads;
    std::string min_time, iterations;
    bool profile = false, json = false;
};

// One row to be measured.
struct BenchCase {
    std::string model; // empty: an operator
    Json description;  // of the operator
    std::string weights;
    Size size; // 0x0: the model's own
    int64_t batch = 1;
    int threads = 1;
    int simulated_threads = 0; // 0: a measurement, on `threads`
    involute_isa isa = INVOLUTE_ISA_AUTO;
    std::string schedule = kHand;
    std::string wisdom_file; // of the tuned schedule: --wisdom, "" where it was not given
    std::shared_ptr<const autotune::Wisdom> wisdom; // out of it or the search path
    std::string search; // of an autoscheduler: parameters beyond the usual
    double min_seconds = 1;
    int64_t min_iterations = 10;
    bool profile = false;
};

Tuning tuning_of(const BenchCase &which);

// The last list changes fastest: model or op (with its settings), size, batch, threads (real or
// simulated), isa, schedule. Stops, naming the option, when something does not parse; of files it
// opens wisdom only.
std::vector<BenchCase> bench_cases(const BenchOptions &options);

// What follows "involute" on the line that measures this row again, and the line for a shell;
// `size` as it was in the end.
std::vector<std::string> bench_arguments(const BenchCase &which, Size size);
std::string bench_command(const BenchCase &which, Size size);

} // namespace involute
