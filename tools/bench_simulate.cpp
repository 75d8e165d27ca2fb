#include "bench_simulate.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "bench_profile.h"
#include "bench_table.h"
#include "list_schedule.h"
#include "peak.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

constexpr int64_t kMostRuns = 301; // every task of every run is kept
constexpr double kWarmUpTime = 0.2;

// Calls visit() after each run, as often and as long as the case says.
template <class Visit>
int64_t repeat(const BenchCase &which, Runner *runner, Visit visit) {
    const BenchClock::time_point start = BenchClock::now();
    int64_t runs = 0;
    while (runs < kMostRuns && (runs < which.min_iterations ||
                                seconds_between(start, BenchClock::now()) < which.min_seconds)) {
        runner->run();
        visit();
        ++runs;
    }
    return runs;
}

// One layer of the simulated session.
struct Tasks {
    std::vector<int32_t> regions;             // of each task
    std::vector<double> seconds, least;       // medians and minima
    double serial = 0, least_serial = 0;      // of what lies outside of the tasks
    std::vector<std::vector<double>> samples; // by run, then task
    std::vector<double> serial_samples;

    void sum_up() {
        std::vector<double> of_task(samples.size());
        for (size_t task = 0; task < regions.size(); ++task) {
            for (size_t run = 0; run < samples.size(); ++run)
                of_task[run] = samples[run][task];
            seconds.push_back(median(of_task));
            least.push_back(*std::min_element(of_task.begin(), of_task.end()));
        }
        serial = median(serial_samples);
        least_serial = *std::min_element(serial_samples.begin(), serial_samples.end());
        samples.clear();
    }
};

std::vector<Tasks> time_tasks(const BenchCase &which, Runner *runner, int64_t *runs) {
    std::vector<Tasks> layers(runner->layers());
    std::vector<involute_layer_profile> times(layers.size());
    *runs = repeat(which, runner, [&] {
        runner->profile(times.data());
        for (size_t i = 0; i < layers.size(); ++i) {
            layers[i].regions.clear();
            layers[i].samples.emplace_back();
            runner->tasks(i, &layers[i].regions, &layers[i].samples.back());
            layers[i].serial_samples.push_back(
                std::max(0.0, times[i].seconds - times[i].region_seconds));
        }
    });
    for (Tasks &layer : layers)
        layer.sum_up();
    return layers;
}

// Times of the layers on so many real threads, and last their sum; empty where the cores are fewer.
struct RealTimes {
    std::vector<double> median, least;
};

RealTimes real_times(const BenchCase &which, const Model &model, Size size) {
    if (which.simulated_threads > usable_cores())
        return {};
    involute_session_options options = {};
    options.threads = which.simulated_threads;
    options.profile = 1;
    Runner runner(model, which.batch, size, options);
    runner.warm_up(kWarmUpTime);
    std::vector<std::vector<double>> samples(runner.layers());
    repeat(which, &runner, [&] {
        const std::vector<double> seconds = layer_seconds(runner);
        for (size_t i = 0; i < samples.size(); ++i)
            samples[i].push_back(seconds[i]);
    });
    RealTimes times;
    for (const std::vector<double> &layer : samples) {
        times.median.push_back(median(layer));
        times.least.push_back(*std::min_element(layer.begin(), layer.end()));
    }
    for (std::vector<double> *list : {&times.median, &times.least})
        list->push_back(std::accumulate(list->begin(), list->end(), 0.0));
    return times;
}

void add_times(const Prediction &time, double least, const RealTimes &real, size_t index,
               Json *row) {
    const int threads = (*row).at("simulated_threads").get<int>();
    const auto set = [&](const char *key, double value) {
        (*row)[key] = real.median.empty() ? Json(nullptr) : Json(value);
    };
    (*row)["work_ms"] = time.work * 1e3;
    (*row)["predicted_ms"] = time.seconds * 1e3;
    (*row)["predicted_ms_min"] = least * 1e3;
    (*row)["balance"] = time.balance(threads);
    set("real_ms", real.median.empty() ? 0 : real.median[index] * 1e3);
    set("real_ms_min", real.median.empty() ? 0 : real.least[index] * 1e3);
    set("real_over_predicted", real.median.empty() ? 0 : real.median[index] / time.seconds);
}

std::string text_or_dash(const Json &value, int decimals) {
    return value.is_null() ? "-" : fixed(value.get<double>(), decimals);
}

} // namespace

std::vector<Json> simulate(const BenchCase &which) {
    const Model model = build_model(which);
    const Size size = bench_size(which, model);
    const int threads = which.simulated_threads;
    involute_session_options options = {};
    options.simulated_threads = threads;
    Runner runner(model, which.batch, size, options);
    runner.warm_up(kWarmUpTime);
    int64_t runs = 0;
    const std::vector<Tasks> tasks = time_tasks(which, &runner, &runs);
    const RealTimes real = real_times(which, model, size);

    Json shared = bench_identity(which, model, runner.json());
    shared.erase("threads");
    shared["simulated_threads"] = threads;
    const Json &layers = runner.json().at("layers");
    Prediction all;
    double weighted = 0, worst = 2, all_least = 0;
    std::string worst_layer;
    std::vector<Json> rows;
    for (size_t i = 0; i < layers.size(); ++i) {
        const Prediction time =
            predict(tasks[i].serial, tasks[i].regions, tasks[i].seconds, threads);
        Json row = Json::object();
        for (const auto &[key, value] : shared.items())
            if (key != "op") // that of the layer follows
                row[key] = value;
        row["layer"] = layers[i].at("name");
        for (const char *key : {"op", "row", "shape", "macs"})
            row[key] = layers[i].at(key);
        row["regions"] = tasks[i].regions.empty() ? 0 : tasks[i].regions.back() + 1;
        row["tasks"] = tasks[i].regions.size();
        row["serial_ms"] = tasks[i].serial * 1e3;
        const double least =
            predict(tasks[i].least_serial, tasks[i].regions, tasks[i].least, threads).seconds;
        all_least += least;
        add_times(time, least, real, i, &row);
        all.work += time.work;
        all.seconds += time.seconds;
        const double balance = time.balance(threads);
        weighted += balance * row.at("macs").get<double>();
        if (balance < worst)
            worst = balance, worst_layer = row.at("layer");
        rows.push_back(row);
    }
    Json network = shared;
    network["macs"] = runner.json().at("macs");
    network["iterations"] = runs;
    add_times(all, all_least, real, layers.size(), &network);
    network["images_per_s"] = static_cast<double>(which.batch) / all.seconds;
    const double macs = network.at("macs").get<double>();
    network["balance_by_macs"] = macs > 0 ? Json(weighted / macs) : Json(nullptr);
    network["worst_balance"] = worst;
    network["worst_layer"] = worst_layer;
    network["cpu"] = cpu_model();
    network["commit"] = commit();
    network["command"] = bench_command(which, size);
    rows.insert(rows.begin(), network);
    return rows;
}

std::string printed_simulations(const std::vector<Json> &rows) {
    Table networks({"<model or op", "size", "batch", "isa", "threads", "predicted ms", "images/s",
                    "balance", "by MACs", "worst", "<of layer", "real ms", "real/pred."});
    std::string text;
    std::unique_ptr<Table> layers;
    const auto close = [&] {
        if (layers)
            text += layers->text();
        layers.reset();
    };
    for (const Json &row : rows) {
        const std::string threads = row.at("simulated_threads").dump();
        if (!row.contains("layer")) {
            close();
            const std::string name = bench_name(row);
            networks.row({name, row.at("size").get<std::string>(), row.at("batch").dump(),
                          row.at("isa").get<std::string>(), threads,
                          fixed(row.at("predicted_ms").get<double>(), 3),
                          fixed(row.at("images_per_s").get<double>(), 1),
                          percent(row.at("balance").get<double>()),
                          row.at("balance_by_macs").is_null()
                              ? "-"
                              : percent(row.at("balance_by_macs").get<double>()),
                          percent(row.at("worst_balance").get<double>()),
                          row.at("worst_layer").get<std::string>(),
                          text_or_dash(row.at("real_ms"), 3),
                          text_or_dash(row.at("real_over_predicted"), 2)});
            text += "\n" + bench_heading(row) + ", simulated on " + threads + " threads\n";
            layers = std::make_unique<Table>(std::vector<std::string>{
                "<layer", "<row", "regions", "tasks", "serial ms", "work ms", "predicted ms",
                "balance", "real ms", "real/pred."});
            continue;
        }
        layers->row({row.at("layer").get<std::string>(), row.at("row").get<std::string>(),
                     row.at("regions").dump(), row.at("tasks").dump(),
                     fixed(row.at("serial_ms").get<double>(), 4),
                     fixed(row.at("work_ms").get<double>(), 4),
                     fixed(row.at("predicted_ms").get<double>(), 4),
                     percent(row.at("balance").get<double>()), text_or_dash(row.at("real_ms"), 4),
                     text_or_dash(row.at("real_over_predicted"), 2)});
    }
    close();
    return networks.text() + text;
}

} // namespace involute
