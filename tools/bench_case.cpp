// One row: build, warm up, peak, timed loop, peak again. Nothing inside the timed loop allocates or
// prints; the times of all runs follow each other without gaps, so their sum is the wall time.
#include "bench_case.h"

#include <algorithm>
#include <cmath>

#include "allocations.h"
#include "bench_profile.h"
#include "peak.h"
#include "system_info.h"
#include "tuned_layers.h"

namespace involute {

namespace {

constexpr double kWarmUpSeconds = 0.2;
constexpr size_t kMaxTimes = size_t{1} << 17; // kept, of runs and layers: 1 MB of the peak memory
constexpr size_t kMinKeptRuns = 64;           // however many layers there are
constexpr size_t kThinning = 3; // no divisor of the number of input sets: all stay sampled

struct Timing {
    std::vector<double> seconds; // of each run, or of every 3rd, 9th, ... when there were many
    int64_t iterations = 0;
    double sum = 0, least = 0; // over all runs
    double wall = 0;
    uint64_t allocations = 0;
};

// Keeps every third of `count` runs, in place: nothing may be allocated by then.
size_t thin_out(Timing *timing, LayerTimes *layers, size_t count) {
    size_t kept = 1;
    for (size_t i = kThinning; i < count; i += kThinning, ++kept) {
        timing->seconds[kept] = timing->seconds[i];
        layers->move(i, kept);
    }
    return kept;
}

// One slow run would spoil any estimate of how many fit into the time; so the memory is bounded and
// the time is not: when the memory is full, the kept runs are thinned out.
Timing timed_loop(const BenchCase &which, Runner *runner, LayerTimes *layers, size_t capacity) {
    Timing timing;
    timing.seconds.resize(capacity);
    size_t kept = 0;
    int64_t next_kept = 0, step = 1;
    timing.least = INFINITY;
    const uint64_t allocations = allocation_count();
    const BenchClock::time_point start = BenchClock::now();
    BenchClock::time_point last = start;
    while (timing.iterations < which.min_iterations ||
           seconds_between(start, last) < which.min_seconds) {
        runner->run();
        const bool keep = timing.iterations == next_kept;
        if (keep)
            layers->keep(*runner, kept);
        const BenchClock::time_point now = BenchClock::now();
        const double seconds = seconds_between(last, now);
        last = now;
        timing.least = std::min(timing.least, seconds);
        ++timing.iterations;
        if (!keep)
            continue;
        timing.seconds[kept++] = seconds;
        if (kept == capacity) {
            kept = thin_out(&timing, layers, kept);
            step *= static_cast<int64_t>(kThinning);
            next_kept = static_cast<int64_t>(kept) * step;
        } else {
            next_kept += step;
        }
    }
    timing.sum = seconds_between(start, last);
    timing.wall = seconds_between(start, BenchClock::now());
    timing.allocations = allocation_count() - allocations;
    timing.seconds.resize(kept);
    return timing;
}

// Of a device: what copies there and back take, apart from the kernels.
Json copy_milliseconds(const BenchCase &which, const Model &model, Size size) {
    if (!is_device(which.isa))
        return nullptr;
    constexpr int kRuns = 10;
    involute_session_options options = {};
    options.profile = 1;
    Runner runner(model, which.batch, size, options);
    std::vector<double> seconds;
    for (int run = 0; run < kRuns; ++run) {
        runner.run();
        seconds.push_back(runner.copy_seconds());
    }
    return median(seconds) * 1e3;
}

} // namespace

std::vector<Json> measure(const BenchCase &which) {
    reset_peak_rss();
    const uint64_t allocations_at_start = allocation_count();
    const Model model = build_model(which);
    const Size size = bench_size(which, model);
    involute_session_options options = {};
    options.threads = which.threads;
    options.profile = which.profile;
    Runner runner(model, which.batch, size, options);
    const bool counted = allocation_count() > allocations_at_start;
    const size_t layers = which.profile ? runner.layers() : 0;
    const size_t capacity =
        std::max(kMinKeptRuns, kMaxTimes / (1 + layers * sizeof(LayerTime) / sizeof(double)));
    LayerTimes times(layers, capacity, which.threads);

    const int cores = std::min(which.threads, usable_cores());
    runner.run();
    const std::vector<double> first = which.profile ? layer_seconds(runner) : std::vector<double>();
    // A given number of runs under an emulator is counted, not timed: nothing else is to be run.
    const bool counted_runs = is_emulated() && which.min_seconds == 0;
    const auto peak_samples = [&] {
        return counted_runs ? PeakSamples()
                            : sample_peak(which.isa, INVOLUTE_F32, cores, kPeakSamples);
    };
    runner.warm_up(counted_runs ? 0 : kWarmUpSeconds);
    const PeakSamples before = peak_samples();
    runner.warm_up(0); // the peak loops left the caches to it, not warm
    const Timing timing = timed_loop(which, &runner, &times, capacity);
    const PeakSamples after = peak_samples();

    const double runs = static_cast<double>(timing.iterations);
    const double middle = median(timing.seconds);
    const double peak = peak_gflops(before, after);
    Json row = bench_identity(which, model, runner.json());
    const autotune::Wisdom *wisdom = which.schedule == kTuned ? which.wisdom.get() : nullptr;
    row.update(wisdom_fields(runner.json(), wisdom));
    row["ms_median"] = middle * 1e3;
    row["ms_mean"] = timing.sum / runs * 1e3;
    row["ms_min"] = timing.least * 1e3;
    row["copy_ms"] = copy_milliseconds(which, model, size);
    row["iterations"] = timing.iterations;
    row["wall_s"] = timing.wall;
    row["images_per_s"] = static_cast<double>(which.batch) / middle;
    row["macs"] = runner.json().at("macs");
    row["fma_peak_gflops"] = peak > 0 ? Json(peak) : Json(nullptr);
    row["peak_cores"] = cores;
    row["peak_fraction"] = fraction_of_peak(row.at("macs").get<double>(), middle, peak);
    row["peak_rss_mb"] = static_cast<double>(peak_rss_bytes()) / 1e6;
    // Building a model allocates: where none of that was seen, nothing is counted in this build.
    row["allocations_per_run"] = !counted ? Json(nullptr)
                                 : timing.allocations == 0
                                     ? Json(0)
                                     : Json(double(timing.allocations) / runs);
    row["memory"] = runner.json().at("memory");
    row["cpu"] = cpu_model();
    row["emulated"] = is_emulated();
    row["commit"] = commit();
    row["command"] = bench_command(which, size);
    std::vector<Json> rows = {row};
    if (which.profile)
        for (Json &layer :
             profile_rows(which, row, &runner, first, times, timing.seconds.size(), peak))
            rows.push_back(std::move(layer));
    return rows;
}

} // namespace involute
