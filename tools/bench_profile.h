// The layer rows of `involute bench --profile`: where the time of each layer goes.
#pragma once

#include <vector>

#include "bench_runner.h"

namespace involute {

// What is kept of a layer in one run.
struct LayerTime {
    double seconds = 0;
    double waiting = 0; // of the threads within parallel loops, per thread
    double serial = 0;  // outside of parallel loops
};

class LayerTimes {
public:
    // Room for `runs` runs of all layers of a session; of none: nothing is kept.
    LayerTimes(size_t layers, size_t runs, int threads);

    // Keeps the last run of `runner` as run number `run`; allocates nothing.
    void keep(const Runner &runner, size_t run);
    void move(size_t from, size_t to);

    // The values of a layer in the first `runs` runs.
    std::vector<double> of(size_t layer, double LayerTime::*value, size_t runs) const;

private:
    size_t layers_;
    double threads_;
    std::vector<LayerTime> times_; // run by run
    std::vector<involute_layer_profile> last_;
};

// The seconds of each layer in the last run.
std::vector<double> layer_seconds(const Runner &runner);

// A row for each layer: `row` is that of the network, `first` the layers' seconds in the session's
// first run, `times` those of `runs` later ones, `peak` in GFLOP/s. Runs layers again, warm, and
// pools of the same shape by themselves.
std::vector<Json> profile_rows(const BenchCase &which, const Json &row, Runner *runner,
                               const std::vector<double> &first, const LayerTimes &times,
                               size_t runs, double peak);

// 2 * macs a second over the peak; null without a peak.
Json fraction_of_peak(double macs, double seconds, double gflops);

} // namespace involute
