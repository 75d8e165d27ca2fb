// `involute verify`: every result tensor that reference files store, for every instruction set and
// number of threads asked for. A result counts once: failed if any of its runs failed, passed if
// all passed, not covered otherwise.
#include <cmath>

#include "commands.h"
#include "failure.h"
#include "print.h"
#include "progress.h"
#include "tuned_layers.h"
#include "verify_run.h"

namespace involute {

namespace {

struct VerifyOptions {
    std::vector<std::string> files, isa, threads, schedule;
    std::string wisdom;
    std::string filter;
    bool verbose = false, json = false;
};

struct Kernels { // that results are computed with
    involute_isa isa;
    std::string schedule;
};

struct Work { // one case with those of its results that the filter lets through
    const ReferenceCase *which = nullptr;
    std::vector<std::string> results;
    std::vector<bool> failed;
    std::vector<std::string> not_covered;
};

std::vector<Work> select(const std::vector<ReferenceFile> &files, const std::string &filter) {
    std::vector<Work> all;
    for (const ReferenceFile &file : files)
        for (const ReferenceCase &which : file.cases) {
            Work work;
            work.which = &which;
            for (const std::string &result : which.results)
                if ((which.name + "/" + result).find(filter) != std::string::npos)
                    work.results.push_back(result);
            work.failed.resize(work.results.size());
            work.not_covered.resize(work.results.size());
            if (!work.results.empty())
                all.push_back(work);
        }
    if (all.empty())
        throw Failure(kExitUsage, "--filter: expected part of a result's name, like " +
                                      files[0].cases[0].name + "/" + files[0].cases[0].results[0] +
                                      ", found \"" + filter + "\", which none has");
    return all;
}

std::vector<int64_t> index_of(int64_t flat, const std::vector<int64_t> &shape) {
    std::vector<int64_t> index(shape.size());
    for (size_t i = shape.size(); i-- > 0;) {
        index[i] = flat % shape[i];
        flat /= shape[i];
    }
    return index;
}

// JSON has no NaN and no infinity.
Json number(double value) {
    return std::isfinite(value) ? Json(value) : Json(significant(value, 9));
}

Json failure_row(const ReferenceCase &which, const std::string &result, const Mismatch &mismatch,
                 const Kernels &kernels, int threads) {
    const std::string isa = involute_isa_name(kernels.isa);
    const std::string tensor = which.name + "/" + result;
    return {{"file", which.path},
            {"tensor", tensor},
            {"index", index_of(mismatch.index, shape_of(case_tensor(which, result)))},
            {"got", number(mismatch.got)},
            {"expected", number(mismatch.expected)},
            {"bound", number(mismatch.bound)},
            {"values_outside", mismatch.values},
            {"isa", isa},
            {"schedule", kernels.schedule},
            {"threads", threads},
            {"command", "involute verify " + shell_quoted(which.path) + " --isa " + isa +
                            " --schedule " + kernels.schedule + " --threads " +
                            std::to_string(threads) + " --filter " + shell_quoted(tensor)}};
}

std::string failure_line(const Json &row) {
    const auto text = [&](const char *key) {
        const Json &value = row.at(key);
        return value.is_string() ? value.get<std::string>() : significant(value.get<double>(), 9);
    };
    return "FAILED " + text("file") + " " + text("tensor") +
           shape_text(row.at("index").get<std::vector<int64_t>>()) + ": got " + text("got") +
           ", expected " + text("expected") + ", bound " + text("bound") + " (" +
           grouped(row.at("values_outside").get<int64_t>()) +
           " outside); repeat: " + text("command") + "\n";
}

struct Runs {
    Json failures = Json::array();
    Json results = Json::array(); // of all runs
};

// Runs everything; failures are printed as they come unless JSON is wanted.
Runs run_all(const VerifyOptions &options, const std::vector<Kernels> &all_kernels,
             const std::vector<int> &threads, std::vector<Work> *all) {
    Progress progress(static_cast<int>(all->size() * all_kernels.size() * threads.size()));
    Runs runs;
    const auto wisdom = wisdom_for(parse_schedules(options.schedule), options.wisdom);
    for (const Kernels &kernels : all_kernels) {
        CaseRunner runner(kernels.isa, kernels.schedule, wisdom);
        for (Work &work : *all)
            for (int count : threads) {
                progress.step(work.which->name + ", " + involute_isa_name(kernels.isa) + ", " +
                              kernels.schedule + ", " + std::to_string(count) + " threads");
                const std::vector<Outcome> outcomes = runner.run(*work.which, work.results, count);
                for (size_t i = 0; i < outcomes.size(); ++i) {
                    if (!outcomes[i].not_covered.empty())
                        work.not_covered[i] = outcomes[i].not_covered;
                    else
                        runs.results.push_back(
                            {{"tensor", work.which->name + "/" + work.results[i]},
                             {"isa", involute_isa_name(kernels.isa)},
                             {"schedule", kernels.schedule},
                             {"threads", count},
                             {"bits", outcomes[i].bits}});
                    if (!outcomes[i].mismatch)
                        continue;
                    work.failed[i] = true;
                    runs.failures.push_back(failure_row(*work.which, work.results[i],
                                                        *outcomes[i].mismatch, kernels, count));
                    progress.clear();
                    if (!options.json)
                        print(failure_line(runs.failures.back()));
                }
            }
    }
    return runs;
}

int verify(const VerifyOptions &options) {
    std::vector<Kernels> kernels;
    for (const std::string &schedule : parse_schedules(options.schedule))
        for (involute_isa isa : parse_isas(options.isa))
            kernels.push_back({isa, schedule});
    const std::vector<int> threads = parse_threads(options.threads);
    std::vector<ReferenceFile> files;
    for (const std::string &path : options.files)
        files.push_back(open_reference(path));
    std::vector<Work> all = select(files, options.filter);
    const Runs runs = run_all(options, kernels, threads, &all);

    int64_t passed = 0, failed = 0, not_covered = 0;
    Json named = Json::array();
    for (const Work &work : all)
        for (size_t i = 0; i < work.results.size(); ++i) {
            if (work.failed[i]) {
                ++failed;
            } else if (work.not_covered[i].empty()) {
                ++passed;
            } else {
                ++not_covered;
                named.push_back({{"file", work.which->path},
                                 {"tensor", work.which->name + "/" + work.results[i]},
                                 {"why", work.not_covered[i]}});
            }
        }
    if (options.json) {
        const Json report = {{"passed", passed},           {"failed", failed},
                             {"not_covered", not_covered}, {"failures", runs.failures},
                             {"results", runs.results},    {"not_covered_results", named}};
        print(report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } else {
        if (options.verbose)
            for (const Json &row : named)
                print("not covered " + row.at("file").get<std::string>() + " " +
                      row.at("tensor").get<std::string>() + ": " +
                      row.at("why").get<std::string>() + "\n");
        print(std::to_string(passed) + " passed, " + std::to_string(failed) + " failed, " +
              std::to_string(not_covered) + " not covered\n");
    }
    return failed > 0 ? kExitFailed : kExitOk;
}

} // namespace

void add_verify(CLI::App *app, int *exit_code) {
    CLI::App *command =
        app->add_subcommand("verify", "Runs the cases of reference files and compares");
    auto options = std::make_shared<VerifyOptions>();
    command->add_option("files", options->files, "reference files (tests/reference/*.safetensors)")
        ->required()
        ->type_name("FILE");
    command->add_option("--isa", options->isa, "baseline, avx2, avx512, neon; a list (the best)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    command->add_option("--wisdom", options->wisdom, "knobs for the tuned schedule")
        ->type_name("FILE");
    command->add_option("--schedule", options->schedule, "a list (hand); others are built")
        ->type_name("NAME")
        ->allow_extra_args(false);
    command->add_option("--threads", options->threads, "a list (the cores it may use)")
        ->type_name("N")
        ->allow_extra_args(false);
    command
        ->add_option("--filter", options->filter, "only results whose case/tensor holds this text")
        ->type_name("SUBSTRING");
    command->add_flag("--verbose", options->verbose, "name what is not covered, and why");
    command->add_flag("--json", options->json, "print JSON");
    command->footer(
        "Bounds: layers n * 2^-24 * sum |w*x| for each value, composed where two sums are "
        "chained;\n"
        "networks 1e-5 of a tensor's largest value. \"Not covered\": no operator or kernel for it "
        "in\nthis version. JSON has of every run a hash of the result's bits.\n\n");
    command->callback([=] { *exit_code = verify(*options); });
}

} // namespace involute
