// `involute compare`: builds, checks and times what is compared, keeps every finished row, and
// writes the report as Markdown, JSON and a page.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "commands.h"
#include "compare_cases.h"
#include "compare_page.h"
#include "compare_peers.h"
#include "failure.h"
#include "files.h"
#include "peak.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

// Finished rows, one JSON object a line, each written by a single call.
class RowFile {
public:
    RowFile(const std::string &path, bool fresh) : path_(path) {
        if (!fresh)
            read_all();
        const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0);
        file_ = open(path.c_str(), flags, 0644);
        if (file_ < 0)
            throw Failure(kExitUsage, path + ": " + std::strerror(errno));
    }
    ~RowFile() {
        close(file_);
    }
    RowFile(const RowFile &) = delete;
    RowFile &operator=(const RowFile &) = delete;

    Json find(const std::string &key) const {
        const auto found = rows_.find(key);
        return found != rows_.end() ? found->second : Json();
    }
    void add(const Json &row) {
        std::string line = row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        if (torn_)
            line = "\n" + line;
        torn_ = false;
        if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            throw Failure(kExitUsage, path_ + ": cannot be written");
    }

private:
    // A line that was cut off is no row; it is measured again.
    void read_all() {
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line);) {
            torn_ = file.eof(); // no end of line
            const Json row = Json::parse(line, nullptr, false);
            if (row.is_object() && row.value("key", Json()).is_string())
                rows_[row.at("key")] = row;
        }
    }

    std::string path_;
    std::map<std::string, Json> rows_;
    bool torn_ = false;
    int file_ = -1;
};

// GB/s of memcpy over blocks of that size, reads and writes counted: the best of a few.
double copy_bandwidth(size_t bytes) {
    constexpr size_t kCopied = size_t{256} << 20;
    constexpr int kTries = 5;
    std::vector<char> from(bytes, 1), to(bytes, 2);
    double best = 0;
    for (int i = 0; i < kTries; ++i) {
        const BenchClock::time_point start = BenchClock::now();
        for (size_t copied = 0; copied < kCopied; copied += bytes) {
            std::memcpy(to.data(), from.data(), bytes);
            from[0] = to[bytes - 1]; // so that no copy can be left out
        }
        best = std::max(best, 2.0 * kCopied / seconds_between(start, BenchClock::now()) * 1e-9);
    }
    return best;
}

void set_limits(const std::string &of, const std::string &seconds, const std::string &megabytes,
                Limits *limits) {
    if (!seconds.empty())
        limits->seconds = parse_seconds("--" + of + "-time", seconds);
    if (!megabytes.empty())
        limits->bytes = parse_integer("--" + of + "-memory", megabytes, 64, 1 << 20) << 20;
}

ContestSettings settings_of(const CompareOptions &options) {
    ContestSettings settings;
    set_limits("search", options.search_time, options.search_memory, &settings.search);
    set_limits("run", options.run_time, options.run_memory, &settings.run);
    if (!options.rounds.empty())
        settings.rounds = static_cast<int>(parse_integer("--rounds", options.rounds, 1, 1000));
    if (!options.turn.empty())
        settings.turn_seconds = parse_seconds("--turn", options.turn);
    return settings;
}

std::string command_text(const CompareOptions &options) {
    std::vector<std::string> words = {"involute", "compare"};
    for (const auto &[flag, set] : {std::pair<const char *, bool>{"--ops", options.ops},
                                    {"--ablation", options.ablation},
                                    {"--networks", options.networks}})
        if (set)
            words.push_back(flag);
    const RawOptions &raw = options.raw;
    const RawOperator &op = options.op;
    const std::vector<std::pair<const char *, const std::vector<std::string> *>> lists = {
        {"--model", &raw.model},        {"--op", &op.op},
        {"--channels", &op.channels},   {"--out-channels", &op.out_channels},
        {"--groups", &op.groups},       {"--kernel", &op.kernel},
        {"--stride", &op.stride},       {"--dilation", &op.dilation},
        {"--upsample", &op.upsample},   {"--border", &op.border},
        {"--reduction", &op.reduction}, {"--group-channels", &op.group_channels},
        {"--size", &raw.size},          {"--batch", &raw.batch},
        {"--threads", &raw.threads},    {"--isa", &raw.isa},
        {"--schedule", &raw.schedule}};
    for (const auto &[option, values] : lists)
        if (!values->empty()) {
            words.push_back(option);
            words.push_back(shell_quoted(joined(*values, ",")));
        }
    for (const auto &[option, value] :
         {std::pair<const char *, const std::string *>{"--search-time", &options.search_time},
          {"--search-memory", &options.search_memory},
          {"--run-time", &options.run_time},
          {"--run-memory", &options.run_memory},
          {"--rounds", &options.rounds},
          {"--turn", &options.turn}})
        if (!value->empty()) {
            words.push_back(option);
            words.push_back(shell_quoted(*value));
        }
    words.push_back("-o");
    words.push_back(shell_quoted(options.folder));
    return joined(words, " ");
}

// What the modes have in common: rows in, rows and pages out.
class Comparison {
public:
    explicit Comparison(const CompareOptions &options)
        : options_(options), settings_(settings_of(options)) {
        make_output_folder(options.folder);
        file_ = std::make_unique<RowFile>((fs::path(options.folder) / "rows.jsonl").string(),
                                          options.fresh);
        facts_.command = command_text(options);
    }

    std::vector<Json> run(const std::vector<Contest> &contests) {
        return run_contests(
            contests, settings_, [this](const std::string &key) { return file_->find(key); },
            [this](const Json &row) { file_->add(row); });
    }

    const PageFacts &facts() {
        if (facts_.bandwidth.memory == 0) {
            facts_.bandwidth.memory = copy_bandwidth(size_t{64} << 20);
            facts_.bandwidth.cache = copy_bandwidth(size_t{128} << 10);
        }
        return facts_;
    }

    void write(const std::string &name, const report::Page &page, const std::vector<Json> &rows) {
        const fs::path base = fs::path(options_.folder) / name;
        replace_file(base.string() + ".html", report::html(page), kExitUsage);
        replace_file(base.string() + ".md", report::markdown(page), kExitUsage);
        const Json all = {
            {"command", facts_.command},
            {"headline", page.headline},
            {"copy_gb_per_s",
             {{"memory", facts_.bandwidth.memory}, {"cache", facts_.bandwidth.cache}}},
            {"rows", rows}};
        replace_file(base.string() + ".json",
                     all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n", kExitUsage);
        for (const Json &row : rows)
            rows_.push_back(row);
        texts_ += page.headline + "\n\n" + printed_rows(rows) + "\n" + base.string() +
                  ".html, .md, .json\n";
    }

    int finish() const {
        Json all = Json::array();
        for (Json row : rows_) {
            row.erase("code");
            all.push_back(row);
        }
        print(options_.json ? all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                            : texts_);
        return kExitOk;
    }

private:
    const CompareOptions &options_;
    ContestSettings settings_;
    PageFacts facts_;
    std::unique_ptr<RowFile> file_;
    std::vector<Json> rows_;
    std::string texts_;
};

int compare(const CompareOptions &options) {
    std::signal(SIGPIPE, SIG_IGN); // a contestant that is gone shows when it is asked
    check_precision(options.raw);
    parse_schedules(options.raw.schedule);
    if (!options.peers.empty())
        return compare_peers(options);
    Comparison comparison(options);
    if (options.ops) {
        const std::vector<Json> rows = comparison.run(operator_contests(options));
        comparison.write("operators", operators_page(rows, comparison.facts()), rows);
    }
    if (options.ablation) {
        const std::vector<Json> rows = comparison.run(ablation_contests(options));
        comparison.write("ablation", ablation_page(rows, comparison.facts()), rows);
    }
    if (options.networks) {
        const std::vector<Json> rows = comparison.run(network_contests(options));
        comparison.write("networks", networks_page(rows, comparison.facts()), rows);
        const std::vector<Json> layers = comparison.run(layer_contests(options));
        comparison.write("layers", layers_page(layers, comparison.facts()), layers);
    }
    if (!options.ops && !options.ablation && !options.networks) {
        const std::vector<Json> rows = comparison.run(schedule_contests(options));
        comparison.write("compare", schedules_page(rows, comparison.facts()), rows);
    }
    return comparison.finish();
}

constexpr const char *kCompareFooter =
    R"(Without options: every operator at RedNet's five shapes, on one thread and the best
instruction set, by the hand schedule, without one (naive) and by Halide's autoschedulers for CPUs.
--op names some of these operators; with settings (--channels, --kernel, --size, ...) the shapes are
those. --model compares whole networks.

What is missing is built first, each search within --search-time and --search-memory. Then every
kernel is compared with the float64 oracle (networks with the hand schedule's result), and those
that are right take turns (A B C A B C). Whatever fails, crashes, hangs or is wrong is a row with
its reason.

FOLDER gets compare.md, compare.json and compare.html, one page that needs nothing else; the other
modes write operators, ablation, networks and layers. Finished rows are kept in FOLDER/rows.jsonl:
after an interruption the same command goes on from there; --fresh measures all again.

)";

} // namespace

void add_compare(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand(
        "compare", "Sets schedules, operators and networks side by side, as a report");
    auto options = std::make_shared<CompareOptions>();
    add_shared_options(command, &options->raw);
    add_operator_options(command, &options->op);
    command->add_option("-o,--output", options->folder, "folder of the report (compare)")
        ->type_name("FOLDER");
    command->add_flag("--ops", options->ops,
                      "local, convolutions, involution and self-attention at equal size");
    command->add_flag("--ablation", options->ablation,
                      "RedNet-50 with other windows, groups and reductions");
    command->add_flag("--networks", options->networks,
                      "RedNets and ResNets, and a table of the latency of single layers");
    command->add_option("--peers", options->peers, "other engines (bench/peers): all, or names")
        ->type_name("all|NAME,...");
    command
        ->add_option("--search-time", options->search_time,
                     "seconds after which a search is given up (300)")
        ->type_name("SECONDS");
    command
        ->add_option("--search-memory", options->search_memory,
                     "memory that a search may take (8192)")
        ->type_name("MB");
    command
        ->add_option("--run-time", options->run_time,
                     "seconds after which a kernel that does not answer is stopped (60)")
        ->type_name("SECONDS");
    command
        ->add_option("--run-memory", options->run_memory,
                     "address space of a process that runs kernels (8192)")
        ->type_name("MB");
    command->add_option("--rounds", options->rounds, "turns of each kernel (9)")->type_name("N");
    command->add_option("--turn", options->turn, "seconds of a turn (0.02)")->type_name("SECONDS");
    command->add_flag("--fresh", options->fresh, "measure finished rows again");
    command->add_flag("--json", options->json, "print JSON");
    command->footer(kCompareFooter);
    command->callback([=] { *exit_code = compare(*options); });
}

} // namespace involute
