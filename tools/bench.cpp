// `involute bench`: times networks or single operators and sets them beside the machine's peak.
#include "bench_case.h"
#include "bench_options.h"
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

std::string share_text(const Json &fraction) {
    return fraction.is_null() ? "-" : percent(fraction.get<double>());
}

std::string operator_text(const Json &row) {
    std::string text = row.at("op").get<std::string>();
    const std::pair<const char *, const char *> parts[] = {
        {"channels", " c"}, {"out_channels", "->"},   {"kernel", " k"},   {"stride", " s"},
        {"dilation", " d"}, {"group_channels", " g"}, {"reduction", " r"}};
    for (const auto &[key, mark] : parts)
        if (row.contains(key))
            text += mark + std::to_string(row.at(key).get<int64_t>());
    return text + (row.value("relu", false) ? " relu" : "");
}

std::string printed(const std::vector<Json> &rows) {
    Table table({"<model or op", "size", "batch", "threads", "isa", "images/s", "ms", "of FMA peak",
                 "peak MB"});
    for (const Json &row : rows)
        if (!row.contains("layer"))
            table.row(
                {row.contains("op") ? operator_text(row) : row.at("model").get<std::string>(),
                 row.at("size").get<std::string>(), std::to_string(row.at("batch").get<int64_t>()),
                 std::to_string(row.at("threads").get<int64_t>()), row.at("isa").get<std::string>(),
                 fixed(row.at("images_per_s").get<double>(), 1),
                 significant(row.at("ms_median").get<double>(), 4),
                 share_text(row.at("peak_fraction")),
                 fixed(row.at("peak_rss_mb").get<double>(), 0)});
    return table.text();
}

std::string printed_layers(const std::vector<Json> &rows) {
    Table table(
        {"<layer", "<op", "<row", "size", "batch", "threads", "isa", "ms", "share", "of FMA peak"});
    bool any = false;
    for (const Json &row : rows) {
        if (!row.contains("layer"))
            continue;
        any = true;
        table.row({row.at("layer").get<std::string>(), row.at("op").get<std::string>(),
                   row.at("row").get<std::string>(), row.at("size").get<std::string>(),
                   std::to_string(row.at("batch").get<int64_t>()),
                   std::to_string(row.at("threads").get<int64_t>()),
                   row.at("isa").get<std::string>(), fixed(row.at("ms_median").get<double>(), 4),
                   percent(row.at("share").get<double>()),
                   row.at("macs") == 0 ? "-" : share_text(row.at("peak_fraction"))});
    }
    return any ? "\n" + table.text() : "";
}

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
                           : printed(rows) + printed_layers(rows));
    };
    try {
        for (const BenchCase &which : cases) {
            progress.step(target_of(which) + ", " + std::to_string(which.threads) + " threads, " +
                          involute_isa_name(which.isa));
            for (Json &row : measure(which))
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
    command->add_flag("--json", options->json, "print JSON");
    command->footer("Options with values take lists (1,2): one row for each combination, model or "
                    "op first, then\nsize, batch, threads, isa. Without --weights: synthetic:0. "
                    "The share of the peak is 2 * MACs a\nsecond over what multiply-add loops "
                    "reach on as many cores, right before and after.\n\n");
    command->callback([=] { *exit_code = bench(*options); });
}

} // namespace involute
