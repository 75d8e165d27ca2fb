// The engines are Python packages, and bench/peers knows them: this starts it and makes the page.
#include "compare_peers.h"

#include <filesystem>
#include <fstream>

#include "compare_parts.h"
#include "emit_program.h"
#include "failure.h"
#include "files.h"
#include "print.h"
#include "report/report.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

constexpr int kMissing = 3; // the program's exit code where NumPy or involute is not there
constexpr const char *kInstall =
    "python3 -m venv .venv-peers && .venv-peers/bin/pip install -r requirements-peers.txt && "
    "cmake --build --preset release --target involute_peer_plain";

// The sources that this program was built from: build/release lies in them.
fs::path sources() {
    return fs::path(program_folder()).parent_path().parent_path();
}

std::string python() {
    const std::string named = environment_text("INVOLUTE_PYTHON");
    if (!named.empty())
        return named;
    const fs::path own = sources() / ".venv-peers" / "bin" / "python";
    return fs::exists(own) ? own.string() : "python3";
}

void add_list(const char *option, const std::vector<std::string> &values,
              std::vector<std::string> *words) {
    if (values.empty())
        return;
    words->push_back(option);
    words->push_back(joined(values, ","));
}

std::vector<std::string> tasks_of(const Json &rows) {
    std::vector<std::string> tasks;
    for (const Json &row : rows)
        add_once(row.at("task"), &tasks);
    return tasks;
}

std::string name_of(const Json &row) {
    return row.at("peer").get<std::string>() + ", " + threads_text(row.at("threads"));
}

report::Section section_of(const Json &rows, const std::string &task) {
    using report::Best, report::decimals, report::number_column, report::text_column;
    report::Table table;
    table.caption = task;
    table.columns = {text_column("engine"),
                     number_column("threads", "", decimals(0)),
                     text_column("type"),
                     number_column("median", "ms", report::significant(4), Best::kLowest),
                     report::percent_column("spread"),
                     number_column("error", "", report::significant(1)),
                     number_column("first answer", "s", report::significant(3)),
                     number_column("peak memory", "MB", decimals(0)),
                     number_column("on disk", "MB", decimals(0))};
    table.best_within = {1};
    report::BarChart chart;
    chart.title = task + ": time";
    chart.description = "Median time of each engine. Shorter is faster.";
    chart.axis = "ms", chart.unit = "ms", chart.logarithmic = true;
    chart.digits = report::significant(3);
    chart.series = {{"median", {}}};
    for (const Json &row : rows) {
        if (row.at("task") != task)
            continue;
        report::Row line;
        line.cells = {row.at("peer").get<std::string>(),
                      number_cell(row, "threads"),
                      row.value("precision", std::string()),
                      number_cell(row, "ms"),
                      number_cell(row, "spread"),
                      number_cell(row, "error"),
                      number_cell(row, "first_answer_s"),
                      number_cell(row, "peak_rss_mb"),
                      number_cell(row, "disk_mb")};
        if (row.contains("ms")) {
            chart.categories.push_back(name_of(row));
            chart.series[0].values.push_back(row.at("ms"));
        } else {
            line.status = row.value("status", "") == "skipped" ? report::Status::kSkipped
                                                               : report::Status::kFailed;
            line.reason = row.value("reason", std::string("no reason given"));
        }
        table.rows.push_back(line);
    }
    return {task, {chart, table}};
}

report::Page page_of(const Json &result, const std::string &command) {
    report::Page page;
    page.title = "involute and other engines";
    const Json &rows = result.at("rows");
    page.headline = "Every engine on the same machine, in turns.";
    for (const Json &entry : result.at("ratios")) {
        const Json best = entry.value("best f32 peer", Json());
        if (best.is_object()) {
            page.headline = "On " + entry.at("task").get<std::string>() +
                            " the best other engine (" + best.at("peer").get<std::string>() +
                            ") takes " + fixed(best.at("ratio"), 2) +
                            " times as long as involute in f32.";
            break;
        }
    }
    const Json &machine = result.at("machine");
    page.facts = {{"command", command, true},
                  {"CPU", machine.at("cpu").get<std::string>() + " (" +
                              machine.at("features").get<std::string>() + ")"},
                  {"commit", result.at("commit"), true}};
    std::vector<std::string> versions;
    for (const auto &[name, version] : result.at("versions").items())
        versions.push_back(name + " " + version.get<std::string>());
    page.facts.push_back({"versions", joined(versions)});
    for (const std::string &task : tasks_of(rows))
        page.sections.push_back(section_of(rows, task));
    if (!page.sections.empty()) {
        page.plot = std::get<report::Plot>(page.sections[0].content[0]);
        page.sections[0].content.erase(page.sections[0].content.begin());
    }
    return page;
}

} // namespace

int compare_peers(const CompareOptions &options) {
    const fs::path program = sources() / "bench" / "peers" / "peers.py";
    if (!fs::exists(program))
        throw Failure(kExitEnvironment, "--peers: bench/peers/peers.py of the sources is not where "
                                        "this program was built; the package does not have it");
    make_output_folder(options.folder);
    const fs::path base = fs::path(options.folder) / "peers";
    std::vector<std::string> words = {
        python(),     program.string(),      "--json",     base.string() + ".json",
        "--markdown", base.string() + ".md", "--involute", program_folder() + "/involute"};
    add_list("--model", options.raw.model, &words);
    add_list("--size", options.raw.size, &words);
    add_list("--batch", options.raw.batch, &words);
    add_list("--threads", options.raw.threads, &words);
    add_list("--isa", options.raw.isa, &words);
    if (options.peers != "all")
        add_list("--peers", {options.peers}, &words);
    if (!options.rounds.empty())
        add_list("--rounds", {options.rounds}, &words);
    if (!options.turn.empty())
        add_list("--min-time", {options.turn}, &words);
    const int exit_code = run_program(words);
    if (exit_code == kMissing)
        throw Failure(kExitEnvironment,
                      std::string("--peers: ") + kInstall + " installs what is missing");
    if (exit_code != 0 && !(exit_code == kExitFailed && fs::exists(base.string() + ".json")))
        throw Failure(exit_code == kExitUsage ? kExitUsage : kExitEnvironment,
                      "--peers: bench/peers/peers.py ended with exit code " +
                          std::to_string(exit_code) + " (its words are above)");
    std::ifstream file(base.string() + ".json");
    const Json result = Json::parse(file, nullptr, false);
    if (!result.is_object())
        throw Failure(kExitFailed, base.string() + ".json: expected a JSON object");
    const report::Page page = page_of(result, "involute compare --peers " + options.peers);
    replace_file(base.string() + ".html", report::html(page), kExitUsage);
    print(options.json ? result.at("rows").dump(2) + "\n"
                       : page.headline + "\n" + base.string() + ".html, .md, .json\n");
    return exit_code;
}

} // namespace involute
