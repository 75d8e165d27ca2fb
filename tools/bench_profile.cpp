#include "bench_profile.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "peak.h"

namespace involute {

namespace {

constexpr int kLeastRepeats = 7, kMostRepeats = 101;
constexpr double kRepeatSeconds = 0.5; // for all layers together, where that is enough

// Few of slow networks, many of those whose layers take microseconds.
int repeats_for(double run_seconds) {
    const double count = kRepeatSeconds / std::max(run_seconds, 1e-9);
    return static_cast<int>(std::clamp(count, double{kLeastRepeats}, double{kMostRepeats}));
}

// The pooling inside an involution with a stride, timed as an operator of its own.
double pooling_seconds(const BenchCase &which, const Json &layer) {
    BenchCase pool = which;
    pool.model.clear();
    pool.weights.clear();
    pool.description = {{"kind", "avg_pool"},
                        {"channels", layer.at("in_channels")},
                        {"stride", layer.at("stride")}};
    const Json &shape = layer.at("input_shape");
    involute_session_options options = {};
    options.threads = which.threads;
    options.profile = 1;
    Runner runner(build_model(pool), shape[0].get<int64_t>(),
                  {shape[2].get<int64_t>(), shape[3].get<int64_t>()}, options);
    runner.warm_up(0);
    return runner.warm_seconds(kMostRepeats)[0];
}

} // namespace

LayerTimes::LayerTimes(size_t layers, size_t runs, int threads)
    : layers_(layers), threads_(threads), times_(layers * runs), last_(layers) {}

void LayerTimes::keep(const Runner &runner, size_t run) {
    if (layers_ == 0)
        return;
    runner.profile(last_.data());
    for (size_t i = 0; i < layers_; ++i)
        times_[run * layers_ + i] = {last_[i].seconds,
                                     last_[i].region_seconds - last_[i].task_seconds / threads_,
                                     last_[i].seconds - last_[i].region_seconds};
}

void LayerTimes::move(size_t from, size_t to) {
    for (size_t i = 0; i < layers_; ++i)
        times_[to * layers_ + i] = times_[from * layers_ + i];
}

std::vector<double> LayerTimes::of(size_t layer, double LayerTime::*value, size_t runs) const {
    std::vector<double> values;
    for (size_t run = 0; run < runs; ++run)
        values.push_back(times_[run * layers_ + layer].*value);
    return values;
}

std::vector<double> layer_seconds(const Runner &runner) {
    std::vector<involute_layer_profile> layers(runner.layers());
    runner.profile(layers.data());
    std::vector<double> seconds;
    for (const involute_layer_profile &layer : layers)
        seconds.push_back(layer.seconds);
    return seconds;
}

Json fraction_of_peak(double macs, double seconds, double gflops) {
    if (gflops <= 0 || seconds <= 0)
        return nullptr;
    return 2 * macs / seconds * 1e-9 / gflops;
}

std::vector<Json> profile_rows(const BenchCase &which, const Json &row, Runner *runner,
                               const std::vector<double> &first, const LayerTimes &times,
                               size_t runs, double peak) {
    const Json &layers = runner->json().at("layers");
    const size_t count = layers.size();
    std::vector<double> medians(count);
    for (size_t i = 0; i < count; ++i)
        medians[i] = median(times.of(i, &LayerTime::seconds, runs));
    const double sum = std::accumulate(medians.begin(), medians.end(), 0.0);
    std::vector<involute_layer_profile> counts(count);
    runner->profile(counts.data());
    // Devices have no warm caches of ours to compare with.
    const bool warms = !is_device(which.isa);
    const std::vector<double> warm =
        warms ? runner->warm_seconds(repeats_for(sum)) : std::vector<double>();

    std::map<std::string, double> pools; // by stride and shape
    std::vector<Json> rows;
    for (size_t i = 0; i < count; ++i) {
        Json layer = Json::object();
        for (const char *key : {"model", "size", "batch", "threads", "isa", "dtype", "schedule"})
            if (row.contains(key))
                layer[key] = row.at(key);
        layer["layer"] = layers[i].at("name");
        for (const char *key : {"op", "row", "shape"})
            layer[key] = layers[i].at(key);
        layer["ms_median"] = medians[i] * 1e3;
        layer["macs"] = layers[i].at("macs");
        layer["peak_fraction"] =
            fraction_of_peak(layers[i].at("macs").get<double>(), medians[i], peak);
        layer["share"] = sum > 0 ? medians[i] / sum : 0;
        for (const char *key : {"bytes", "computed_macs", "tail"})
            layer[key] = layers[i].at(key);
        layer["regions"] = counts[i].regions;
        layer["tasks"] = counts[i].tasks;
        layer["wait_ms"] = median(times.of(i, &LayerTime::waiting, runs)) * 1e3;
        layer["serial_ms"] = median(times.of(i, &LayerTime::serial, runs)) * 1e3;
        layer["warm_ms"] = warms ? Json(warm[i] * 1e3) : Json(nullptr);
        layer["cold_ms"] = warms ? Json((medians[i] - warm[i]) * 1e3) : Json(nullptr);
        layer["pooling_ms"] = nullptr;
        if (warms && layers[i].at("op") == "involution" && layers[i].at("stride") > 1) {
            const std::string shape =
                layers[i].at("stride").dump() + layers[i].at("input_shape").dump();
            if (pools.count(shape) == 0)
                pools[shape] = pooling_seconds(which, layers[i]);
            layer["pooling_ms"] = pools[shape] * 1e3;
        }
        layer["first_ms"] = (first[i] - medians[i]) * 1e3;
        rows.push_back(layer);
    }
    return rows;
}

} // namespace involute
