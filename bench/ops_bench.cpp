// Every operator of `involute compare` and what RedNet-50 at 224x224 has beside those, on every
// instruction set that runs here, by the schedules that --schedules names: op/shape/isa/schedule
// with the multiply-adds a second. Weights stay warm here; in a network they come from further
// away (`involute bench --model rednet50 --profile`).
#include <benchmark/benchmark.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>

#include "tools/bench_runner.h"
#include "tools/compare_cases.h"
#include "tools/contestant.h"
#include "tools/failure.h"
#include "tools/packs.h"
#include "tools/print.h"
#include "tools/system_info.h"

namespace {

using namespace involute;

constexpr size_t kMaxWords = 300;
constexpr Limits kTrialLimits = {60, int64_t{8} << 30};

// RedNet-50's own layers: those that have other channels, strides or sizes than the operators at
// RedNet's five shapes.
std::vector<Operation> rednet50_operations() {
    std::vector<Operation> all;
    const auto add = [&](const std::string &name, int64_t size, Json description) {
        description["kind"] = name.rfind("conv2d", 0) == 0 ? "conv2d" : name;
        all.push_back({name, std::move(description), {size, size}});
    };
    const auto conv1x1 = [&](int64_t size, int64_t in, int64_t out, int64_t stride, bool relu) {
        Json description = {{"channels", in}, {"out_channels", out}, {"kernel", 1}};
        if (stride != 1)
            description["stride"] = stride;
        if (relu)
            description["relu"] = true;
        add("conv2d_1x1", size, description);
    };
    add("conv2d_3x3", 224, {{"channels", 3}, {"out_channels", 32}, {"kernel", 3}, {"stride", 2}});
    add("conv2d_3x3", 112, {{"channels", 32}, {"out_channels", 64}, {"kernel", 3}});
    add("max_pool", 112, {{"channels", 64}, {"kernel", 3}, {"stride", 2}});
    int64_t channels = 64;
    for (int64_t size : {56, 28, 14, 7}) {
        if (size == 56) {
            conv1x1(size, channels, 4 * channels, 1, false); // also the first shortcut
        } else {
            conv1x1(2 * size, 2 * channels, channels, 1, true);
            add("involution", 2 * size, {{"channels", channels}, {"kernel", 7}, {"stride", 2}});
            conv1x1(2 * size, 2 * channels, 4 * channels, 2, false);
            conv1x1(size, channels, 4 * channels, 1, false);
        }
        conv1x1(size, 4 * channels, channels, 1, true);
        channels *= 2;
    }
    add("global_pool", 7, {{"channels", 2048}});
    add("dense", 1, {{"channels", 2048}, {"out_channels", 1000}});
    return all;
}

// "aggregation/64@56x56_k7".
std::string name_of(const Operation &operation) {
    std::string shape = shape_text(operation.description, operation.size);
    if (operation.description.contains("out_channels"))
        shape += " o" + operation.description.at("out_channels").dump();
    for (char &c : shape)
        c = c == ' ' ? '_' : c;
    return operation.name + "/" + shape;
}

std::string one_line(const std::string &words) {
    std::string line;
    for (char c : words) {
        const bool blank = c == '\n' || c == ' ';
        if (!blank || (!line.empty() && line.back() != ' '))
            line += blank ? ' ' : c;
    }
    return line.size() > kMaxWords ? line.substr(0, kMaxWords) + " ..." : line;
}

// Of another schedule than hand, why it cannot be measured, or "". Its kernels are built and run
// once in a process of their own: one that crashes or hangs must not take the others along.
std::string failure_of(const BenchCase &which) {
    const Plan plan = plan_of(which);
    if (!plan.failure.empty())
        return plan.failure;
    const std::vector<PackRequest> requests = pack_requests(plan.session, which.schedule);
    const std::vector<Pack> packs = build_packs(requests, kSearchLimits);
    for (size_t i = 0; i < packs.size(); ++i)
        if (!packs[i].error.empty())
            return requests[i].row + ": " + packs[i].error;
    Contestant trial(which, nullptr, {kTrialLimits});
    trial.prepare();
    trial.take_turn(0);
    return trial.failure();
}

// The one case that is being measured: Google Benchmark asks for it again with more iterations.
class Prepared {
public:
    Runner &runner(const std::string &name, const BenchCase &which) {
        if (name != name_) {
            runner_.reset(); // its threads as well, before a process is forked
            name_ = name;
            try {
                failure_ = which.schedule == kHand ? "" : failure_of(which);
                if (failure_.empty())
                    start(which);
            } catch (const std::exception &error) {
                failure_ = error.what();
            }
        }
        if (!runner_)
            throw Failure(kExitFailed, failure_);
        return *runner_;
    }

private:
    void start(const BenchCase &which) {
        const Model model = build_model(which);
        involute_session_options options = {};
        options.threads = which.threads;
        runner_ = std::make_unique<Runner>(model, which.batch, bench_size(which, model), options);
    }

    std::string name_, failure_;
    std::unique_ptr<Runner> runner_;
};

void measure(benchmark::State &state, Runner &runner) {
    for (auto _ : state)
        runner.run();
    const double macs = runner.json().at("macs").get<double>();
    if (macs > 0)
        state.counters["MAC/s"] =
            benchmark::Counter(macs, benchmark::Counter::kIsIterationInvariantRate);
    std::vector<std::string> rows;
    for (const Json &layer : runner.json().at("layers"))
        rows.push_back(layer.at("row"));
    state.SetLabel(joined(rows, "+"));
}

struct Options {
    std::vector<std::string> schedules, threads;
};

void add_options(CLI::App *app, Options *options) {
    app->add_option("--schedules", options->schedules,
                    "hand, naive, mullapudi2016, adams2019, li2018, ... (hand); kernels that are "
                    "missing are built when their turn comes")
        ->type_name("NAME,...");
    app->add_option("--threads", options->threads, "threads of a session (1)")->type_name("N");
}

void print_help() {
    benchmark::PrintDefaultHelp();
    CLI::App app;
    Options options;
    add_options(&app, &options);
    app.set_help_flag();
    std::fputs(app.help().c_str(), stdout);
}

// Names only: nothing is opened or built until a case is run.
void register_all(const Options &options, Prepared *prepared) {
    BenchCase base;
    base.threads = 1;
    if (!options.threads.empty())
        base.threads = static_cast<int>(
            parse_integer("--threads", only_value("--threads", options.threads), 1, 1024));
    std::vector<Operation> operations = rednet_operations();
    for (const Operation &operation : rednet50_operations())
        operations.push_back(operation);
    for (const Operation &operation : operations)
        for (involute_isa isa : kInstructionSets) {
            if (involute_isa_check(isa).code != INVOLUTE_OK)
                continue;
            for (const std::string &schedule : parse_schedules(options.schedules, "--schedules")) {
                BenchCase which = base;
                which.description = operation.description, which.size = operation.size;
                which.isa = isa, which.schedule = schedule;
                const std::string name =
                    name_of(operation) + "/" + involute_isa_name(isa) + "/" + schedule;
                auto *registered = benchmark::RegisterBenchmark(
                    name.c_str(), [name, which, prepared](benchmark::State &state) {
                        try {
                            measure(state, prepared->runner(name, which));
                        } catch (const std::exception &error) {
                            state.SkipWithError(one_line(error.what()).c_str());
                        }
                    });
                if (base.threads > 1)
                    registered->UseRealTime(); // the main thread's time is not all of it
            }
        }
    benchmark::AddCustomContext("commit", commit());
    benchmark::AddCustomContext("cpu", cpu_model());
    benchmark::AddCustomContext("threads", std::to_string(base.threads));
}

int run(int argc, char **argv) {
    benchmark::Initialize(&argc, argv, print_help);
    Options options;
    CLI::App app;
    app.set_help_flag();
    add_options(&app, &options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        throw Failure(kExitUsage, error.what());
    }
    std::signal(SIGPIPE, SIG_IGN); // a trial that is gone shows when it is asked
    Prepared prepared;
    register_all(options, &prepared);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return kExitOk;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const Failure &failure) {
        std::fprintf(stderr, "involute_bench_ops: %s\n", failure.what());
        return failure.code();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "involute_bench_ops: %s\n", error.what());
        return kExitFailed;
    }
}
