// One row: build, warm up, peak, timed loop, peak again. Nothing inside the timed loop allocates or
// prints; the times of all runs follow each other without gaps, so their sum is the wall time.
#include "bench_case.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "allocations.h"
#include "failure.h"
#include "peak.h"
#include "system_info.h"

namespace involute {

namespace {

constexpr int kInputSets = 4;
constexpr double kInputHalfWidth = 2; // as in the rule for synthetic inputs
constexpr double kWarmUpSeconds = 0.2;
constexpr int kWarmUpRuns = 2;
constexpr size_t kMaxTimes = size_t{1} << 17; // kept, of runs and layers: 1 MB of the peak memory
constexpr size_t kMinKeptRuns = 64;           // however many layers there are
constexpr size_t kThinning = 3; // has no divisor in common with kInputSets: all sets stay sampled

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
    return std::chrono::duration<double>(end - start).count();
}

// A session with a few sets of inputs, used in turn.
class Runner {
public:
    Runner(const BenchCase &which, const Model &model, Size size)
        : label_(model.label),
          session_(create_session(model, which.batch, size, which.threads, false, which.profile)) {
        for (uint64_t set = 0; set < kInputSets; ++set) {
            inputs_.push_back(make_tensors(session_.json.at("inputs"), Order::kChannelsLast));
            for (Tensor &tensor : inputs_.back()) {
                involute_tensor view = tensor.view();
                require(involute_tensor_fill(&view, tensor.name().c_str(), set, 0, kInputHalfWidth),
                        tensor.name());
            }
            named_inputs_.push_back(named(inputs_.back()));
        }
        outputs_ = make_tensors(session_.json.at("outputs"), Order::kChannelsLast);
        named_outputs_ = named(outputs_);
    }

    void run() {
        const std::vector<involute_named_tensor> &inputs = named_inputs_[next_];
        next_ = (next_ + 1) % named_inputs_.size();
        const involute_status status =
            involute_session_run(session_.handle.get(), inputs.data(), inputs.size(),
                                 named_outputs_.data(), named_outputs_.size());
        if (status.code != INVOLUTE_OK)
            require(status, label_);
    }

    const Json &json() const {
        return session_.json;
    }
    void profile(double *seconds, size_t count) const {
        involute_session_profile(session_.handle.get(), seconds, count);
    }

private:
    std::string label_;
    Session session_;
    std::vector<std::vector<Tensor>> inputs_;
    std::vector<std::vector<involute_named_tensor>> named_inputs_;
    std::vector<Tensor> outputs_;
    std::vector<involute_named_tensor> named_outputs_;
    size_t next_ = 0;
};

struct Timing {
    std::vector<double> seconds; // of each run, or of every 3rd, 9th, ... when there were many
    int64_t iterations = 0;
    double sum = 0, least = 0; // over all runs
    double wall = 0;
    uint64_t allocations = 0;
    std::vector<double> layers; // profile: of each layer in each of those runs
};

void warm_up(Runner *runner, double limit) {
    const Clock::time_point start = Clock::now();
    for (int runs = 1; runs <= kWarmUpRuns || seconds_between(start, Clock::now()) < limit; ++runs)
        runner->run();
}

// Keeps every third of `count` runs, in place: nothing may be allocated by then.
size_t thin_out(Timing *timing, size_t count, size_t layers) {
    size_t kept = 1;
    for (size_t i = kThinning; i < count; i += kThinning, ++kept) {
        timing->seconds[kept] = timing->seconds[i];
        std::copy_n(&timing->layers[i * layers], layers, &timing->layers[kept * layers]);
    }
    return kept;
}

// One slow run would spoil any estimate of how many fit into the time; so the memory is bounded and
// the time is not: when the memory is full, the kept runs are thinned out.
Timing timed_loop(const BenchCase &which, Runner *runner, size_t layers) {
    const size_t capacity = std::max(kMinKeptRuns, kMaxTimes / (layers + 1));
    Timing timing;
    timing.seconds.resize(capacity);
    timing.layers.resize(capacity * layers + 1); // never empty, so that &layers[0] is valid
    size_t kept = 0;
    int64_t next_kept = 0, step = 1;
    timing.least = INFINITY;
    const uint64_t allocations = allocation_count();
    const Clock::time_point start = Clock::now();
    Clock::time_point last = start;
    while (timing.iterations < which.min_iterations ||
           seconds_between(start, last) < which.min_seconds) {
        runner->run();
        const bool keep = timing.iterations == next_kept;
        if (keep && layers > 0)
            runner->profile(&timing.layers[kept * layers], layers);
        const Clock::time_point now = Clock::now();
        const double seconds = seconds_between(last, now);
        last = now;
        timing.least = std::min(timing.least, seconds);
        ++timing.iterations;
        if (!keep)
            continue;
        timing.seconds[kept++] = seconds;
        if (kept == capacity) {
            kept = thin_out(&timing, kept, layers);
            step *= static_cast<int64_t>(kThinning);
            next_kept = static_cast<int64_t>(kept) * step;
        } else {
            next_kept += step;
        }
    }
    timing.sum = seconds_between(start, last);
    timing.wall = seconds_between(start, Clock::now());
    timing.allocations = allocation_count() - allocations;
    timing.seconds.resize(kept);
    return timing;
}

Json fraction_of(double macs, double seconds, double gflops) {
    if (gflops <= 0 || seconds <= 0)
        return nullptr;
    return 2 * macs / seconds * 1e-9 / gflops;
}

// What says which row it is; the settings of an operator with every default.
Json identity(const BenchCase &which, const Model &model, const Json &session) {
    Json row = Json::object();
    if (which.description.is_object()) {
        row["op"] = model.label;
        for (const char *key : {"channels", "out_channels", "kernel", "stride", "dilation",
                                "group_channels", "reduction", "relu"})
            if (model.json.contains(key))
                row[key] = model.json.at(key);
    } else {
        row["model"] = model.label;
    }
    row["weights"] = model.weights_text.empty() ? "embedded" : model.weights_text;
    row["size"] = size_text({session.at("height"), session.at("width")});
    row["batch"] = which.batch;
    row["threads"] = session.at("threads");
    row["isa"] = session.at("isa");
    row["dtype"] = "f32";
    row["schedule"] = "hand";
    return row;
}

void add_layers(const Json &row, const Json &session, const Timing &timing, double peak,
                std::vector<Json> *rows) {
    const Json &layers = session.at("layers");
    const size_t count = layers.size(), runs = timing.seconds.size();
    std::vector<double> medians(count);
    for (size_t i = 0; i < count; ++i) {
        std::vector<double> mine(runs);
        for (size_t run = 0; run < runs; ++run)
            mine[run] = timing.layers[run * count + i];
        medians[i] = median(mine);
    }
    const double sum = std::accumulate(medians.begin(), medians.end(), 0.0);
    for (size_t i = 0; i < count; ++i) {
        Json layer = Json::object();
        for (const char *key : {"model", "size", "batch", "threads", "isa", "dtype", "schedule"})
            if (row.contains(key))
                layer[key] = row.at(key);
        layer["layer"] = layers[i].at("name");
        layer["op"] = layers[i].at("op");
        layer["row"] = layers[i].at("row");
        layer["shape"] = layers[i].at("shape");
        layer["ms_median"] = medians[i] * 1e3;
        layer["macs"] = layers[i].at("macs");
        layer["peak_fraction"] = fraction_of(layers[i].at("macs").get<double>(), medians[i], peak);
        layer["share"] = sum > 0 ? medians[i] / sum : 0;
        rows->push_back(layer);
    }
}

} // namespace

std::vector<Json> measure(const BenchCase &which) {
    reset_peak_rss();
    const uint64_t allocations_at_start = allocation_count();
    Model model = which.description.is_object() ? open_operator(which.description, which.weights)
                                                : open_model(which.model, which.weights);
    create_model(which.isa, &model);
    const bool dense = model.json.value("kind", "") == "dense";
    const Size size = which.size.height > 0           ? which.size
                      : dense                         ? Size{1, 1}
                      : which.description.is_object() ? Size{56, 56}
                                                      : default_size(model);
    Runner runner(which, model, size);
    const bool counted = allocation_count() > allocations_at_start;
    const size_t layers = which.profile ? runner.json().at("layers").size() : 0;

    const int cores = std::min(which.threads, usable_cores());
    warm_up(&runner, kWarmUpSeconds);
    const PeakSamples before = sample_peak(which.isa, cores, kPeakSamples);
    warm_up(&runner, 0); // the peak loops left the caches to it, not warm
    const Timing timing = timed_loop(which, &runner, layers);
    const PeakSamples after = sample_peak(which.isa, cores, kPeakSamples);

    const double runs = static_cast<double>(timing.iterations);
    const double middle = median(timing.seconds);
    const double peak = peak_gflops(before, after);
    Json row = identity(which, model, runner.json());
    row["wisdom"] = "none";
    row["wisdom_layers"] = {
        {"exact", 0}, {"nearest", 0}, {"none", runner.json().at("layers").size()}};
    row["ms_median"] = middle * 1e3;
    row["ms_mean"] = timing.sum / runs * 1e3;
    row["ms_min"] = timing.least * 1e3;
    row["iterations"] = timing.iterations;
    row["wall_s"] = timing.wall;
    row["images_per_s"] = static_cast<double>(which.batch) / middle;
    row["macs"] = runner.json().at("macs");
    row["fma_peak_gflops"] = peak > 0 ? Json(peak) : Json(nullptr);
    row["peak_cores"] = cores;
    row["peak_fraction"] = fraction_of(row.at("macs").get<double>(), middle, peak);
    row["peak_rss_mb"] = static_cast<double>(peak_rss_bytes()) / 1e6;
    // Building a model allocates: where none of that was seen, nothing is counted in this build.
    row["allocations_per_run"] = !counted ? Json(nullptr)
                                 : timing.allocations == 0
                                     ? Json(0)
                                     : Json(double(timing.allocations) / runs);
    row["memory"] = runner.json().at("memory");
    row["cpu"] = cpu_model();
    row["commit"] = commit();
    row["command"] = bench_command(which, size);
    std::vector<Json> rows = {row};
    if (which.profile)
        add_layers(row, runner.json(), timing, peak, &rows);
    return rows;
}

} // namespace involute
