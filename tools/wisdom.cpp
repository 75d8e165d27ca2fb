// `involute wisdom`: what the tuner has found, as files that people look at, pass on and merge.
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "autotune/history.h"
#include "autotune/spaces.h"
#include "autotune/wisdom_files.h"
#include "commands.h"
#include "failure.h"
#include "files.h"
#include "print.h"
#include "tuned_layers.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

struct WisdomOptions {
    std::string wisdom, history, output, op;
    std::vector<std::string> files;
    bool all = false, json = false;
};

std::string wisdom_file(const WisdomOptions &options) {
    return options.wisdom.empty() ? autotune::user_wisdom_file() : options.wisdom;
}

autotune::History open_history(const WisdomOptions &options, bool read_only) {
    const std::string file =
        options.history.empty() ? autotune::history_file_of(wisdom_file(options)) : options.history;
    std::error_code ignored;
    if (read_only && !fs::exists(file, ignored))
        throw Failure(kExitUsage, file + ": there is no history; `involute tune` makes one");
    if (!read_only && !fs::path(file).parent_path().empty())
        fs::create_directories(fs::path(file).parent_path(), ignored);
    return autotune::History::open(file, wisdom_header(), read_only);
}

// What the stores complain of is the file that was named.
int guarded(const std::function<void()> &work) {
    try {
        work();
    } catch (const Failure &) {
        throw;
    } catch (const std::exception &error) {
        throw Failure(kExitUsage, error.what());
    }
    return kExitOk;
}

std::string knobs_of(const autotune::WisdomEntry &entry) {
    return entry.knobs.empty() ? "as by hand" : autotune::knob_text(entry.knobs);
}

void list(const WisdomOptions &options) {
    const std::shared_ptr<const autotune::Wisdom> wisdom = open_wisdom(options.wisdom);
    if (options.json) {
        Json rows = Json::array();
        for (const auto &[key, entry] : wisdom->entries)
            rows.push_back({{"layer", autotune::text_of(key)},
                            {"key", Json::parse(to_json(key).dump())},
                            {"knobs", Json::parse(entry.knobs.dump())},
                            {"cost", entry.cost}});
        print(rows.dump(2) + "\n");
        return;
    }
    Table table({"<layer", "<found by", "<knobs"});
    for (const auto &[key, entry] : wisdom->entries)
        table.row({autotune::text_of(key), entry.cost, knobs_of(entry)});
    print(wisdom->entries.empty() ? "no wisdom\n" : table.text());
}

void export_to(const WisdomOptions &options) {
    const std::string text = open_history(options, true).wisdom().text();
    if (options.output.empty())
        print(text);
    else
        autotune::write_file_atomically(options.output, text);
}

void import(const WisdomOptions &options) {
    autotune::History history = open_history(options, false);
    std::vector<autotune::Wisdom> all; // all or nothing
    for (const std::string &file : options.files) {
        std::vector<std::string> warnings;
        all.push_back(autotune::find_wisdom(file, "", wisdom_header(), &warnings));
        for (const std::string &warning : warnings)
            std::fprintf(stderr, "%s\n", warning.c_str());
    }
    size_t entries = 0;
    for (const autotune::Wisdom &wisdom : all) {
        history.add(wisdom);
        entries += wisdom.entries.size();
    }
    autotune::export_wisdom([&] { return history.wisdom(); }, wisdom_file(options));
    print(std::to_string(entries) + " entries imported\n");
}

void merge(const WisdomOptions &options) {
    autotune::History history = open_history(options, false);
    int64_t trials = 0;
    for (const std::string &file : options.files) {
        std::error_code ignored;
        if (!fs::exists(file, ignored))
            throw Failure(kExitUsage, file + ": there is no such history");
        trials += history.merge(file);
    }
    autotune::export_wisdom([&] { return history.wisdom(); }, wisdom_file(options));
    print(std::to_string(trials) + " trials merged\n");
}

void forget(const WisdomOptions &options) {
    if (options.all == !options.op.empty())
        throw Failure(kExitUsage, "wisdom forget: expected --op NAME or --all, found " +
                                      std::string(options.all ? "both" : "neither"));
    const std::map<std::string, std::string> &ops = wisdom_header().ops;
    if (!options.all && ops.count(options.op) == 0) {
        std::vector<std::string> known;
        for (const auto &[op, hash] : ops)
            known.push_back(op);
        throw Failure(kExitUsage,
                      "--op: expected one of " + joined(known) + ", found \"" + options.op + "\"");
    }
    open_history(options, true); // nothing is made where there is nothing
    autotune::History history = open_history(options, false);
    const int64_t count = history.forget(options.op);
    autotune::export_wisdom([&] { return history.wisdom(); }, wisdom_file(options));
    print(std::to_string(count) + " rows forgotten\n");
}

} // namespace

void add_wisdom(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand(
        "wisdom", "What the tuner has found: list, export, import, merge, forget");
    command->require_subcommand(1);
    auto options = std::make_shared<WisdomOptions>();
    const auto add = [&](const char *name, const char *help, void (*work)(const WisdomOptions &)) {
        CLI::App *verb = command->add_subcommand(name, help);
        verb->add_option("--wisdom", options->wisdom,
                         "the file (the user's, docs/tuning.md); its history lies beside it")
            ->type_name("FILE");
        verb->callback([=] { *exit_code = guarded([&] { work(*options); }); });
        return verb;
    };
    const auto takes_history = [&](CLI::App *verb) {
        verb->add_option("--history", options->history, "another history")->type_name("FILE");
    };
    add("list", "Shows what the tuned schedule would use", list)
        ->add_flag("--json", options->json, "print JSON");
    CLI::App *exports = add("export", "Makes wisdom of the history", export_to);
    exports->add_option("-o,--output", options->output, "instead of stdout")->type_name("FILE");
    takes_history(exports);
    CLI::App *imports = add("import", "Takes over the wisdom of others, all or nothing", import);
    imports->add_option("files", options->files, "wisdom files")->required();
    takes_history(imports);
    CLI::App *merges = add("merge", "Adds the trials of other histories", merge);
    merges->add_option("files", options->files, "histories (.sqlite)")->required();
    takes_history(merges);
    CLI::App *forgets = add("forget", "Drops trials and imports", forget);
    forgets->add_option("--op", options->op, "of one op")->type_name("NAME");
    forgets->add_flag("--all", options->all, "of all");
    takes_history(forgets);
}

} // namespace involute
