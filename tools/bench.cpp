// `involute bench`: times networks or single operators and sets them beside the machine's peak.
#include "bench_case.h"
#include "bench_options.h"
#include "bench_simulate.h"
#include "bench_table.h"
#include "commands.h"
#include "failure.h"
#include "print.h"
#include "progress.h"

namespace involute {

namespace {

std::string target_of(const BenchCase &which) {
    if (which.description.is_object())
        return which.description.at("kind").get<std::string>();
    return which.model.empty() ? which.weights : which.model;
}

constexpr const char *kFooter =
    R"(Options with values take lists (1,2): one row for each combination, model or op first, then
size, batch, threads, isa. Without --weights: synthetic:0. The share of the peak is 2 * MACs a
second over what multiply-add loops reach on as many cores, right before and after.

--profile, for each layer: MMACs, million multiply-adds that the operator needs; MB, what the kernel
reads and writes at least; tail, share of the computed multiply-adds that fill up tiles and blocks;
regions, parallel loops; and in ms: wait, time of the threads in those loops without a task; cold,
what weights and activations cost that a second call finds in the caches; pool, the pooling of an
involution with a stride, by itself; first, what the first run of the session took longer.

--simulate-threads cuts the work for N threads, times its tasks one after another on one and puts
them on N workers, each of which begins with a part of its own and then takes from the others.
balance: work over N * the predicted time. What cores share (memory, caches) and what loops cost to
start is not in it; where N cores are there, the real time stands beside the prediction. Fields:
docs/file-formats.md.

)";

int bench(const BenchOptions &options) {
    const std::vector<BenchCase> cases = bench_cases(options);
    // Names and files of all rows are looked at before the first is timed.
    for (const BenchCase &which : cases)
        if (!which.description.is_object())
            open_model(which.model, which.weights);
    Progress progress(static_cast<int>(cases.size()));
    std::vector<Json> rows;
    const auto report = [&] {
        progress.clear();
        print(options.json ? Json(rows).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
              : options.simulated_threads.empty() ? printed_measurements(rows)
                                                  : printed_simulations(rows));
    };
    try {
        for (const BenchCase &which : cases) {
            const bool simulates = which.simulated_threads > 0;
            progress.step(target_of(which) + ", " +
                          std::to_string(simulates ? which.simulated_threads : which.threads) +
                          (simulates ? " simulated threads, " : " threads, ") +
                          involute_isa_name(which.isa));
            for (Json &row : simulates ? simulate(which) : measure(which))
                rows.push_back(std::move(row));
        }
    } catch (const Failure &) {
        if (!rows.empty())
            report(); // what was measured is not lost
        throw;
    }
    report();
    return kExitOk;
}

} // namespace

void add_bench(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand("bench", "Times networks or single operators");
    auto options = std::make_shared<BenchOptions>();
    add_shared_options(command, &options->raw);
    add_operator_options(command, &options->op);
    command->add_option("--min-time", options->min_time, "seconds of the timed loop (1)")
        ->type_name("SECONDS");
    command
        ->add_option("--iterations", options->iterations,
                     "at least so many runs (10); without --min-time exactly so many")
        ->type_name("N");
    command->add_flag("--profile", options->profile, "add a row for each layer");
    command
        ->add_option("--simulate-threads", options->simulated_threads,
                     "predict the balance on so many threads, layer by layer")
        ->type_name("N[,N]");
    command->add_flag("--json", options->json, "print JSON");
    command->footer(kFooter);
    command->callback([=] { *exit_code = bench(*options); });
}

} // namespace involute
