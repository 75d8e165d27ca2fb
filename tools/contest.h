// Contests of `involute compare`: cases that are built, checked and timed side by side, in turns.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench_options.h"
#include "oracle/problem.h"
#include "packs.h"

namespace involute {

// The hand schedule's plan of a case: its full description, size and layers.
struct Plan {
    Json model, session;
    std::string failure;
};
Plan plan_of(BenchCase which);

// What an operator is checked with; nullptr where there is no oracle.
std::shared_ptr<const oracle::Problem> problem_of(const BenchCase &which, const Plan &plan);

struct Competitor {
    BenchCase which;
    std::string label; // what it is called beside the others: a schedule, an operator
    std::string group; // what is compared with each other: "aggregation 64@56x56 k7"
};

// Measured in turns: A B C A B C.
struct Contest {
    std::string name; // for progress
    std::vector<Competitor> competitors;
};

struct ContestSettings {
    Limits search = kSearchLimits;
    Limits run = {60, int64_t{8} << 30}; // of one answer of a contestant
    int rounds = 9;                      // odd: medians are measured values
    double turn_seconds = 0.02;
};

// Measures all contests; the rows, in the order of contests and competitors. Each is handed to
// `finish` as soon as it is there. `finished` answers with a row that was measured before, or null;
// a contest is only run again where a row of it is missing.
//
// Fields of a row: "group", "label", those of bench_identity, "key" (what `finished` is asked for),
// "ms_median" (median of the medians of the rounds), "spread" (largest minus smallest of them over
// it), "runs", "rounds", "macs", "bytes" (that the operator has to move at least), "parameters",
// "gflops", "fma_peak_gflops", "peak_fraction", "memory_mb" (weights, activations, scratch),
// "search_s", "search_cpu_s", "build_s", "build_peak_mb", "code_bytes", "code" (kernels with their
// loop nests, hot loops and schedules), "commit", "cpu", "command"; or "failure".
std::vector<Json> run_contests(const std::vector<Contest> &contests,
                               const ContestSettings &settings,
                               const std::function<Json(const std::string &key)> &finished,
                               const std::function<void(const Json &row)> &finish);

} // namespace involute
