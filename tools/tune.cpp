// `involute tune`: searches the knobs of layers one after another, and has the network judge them.
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "autotune/history.h"
#include "autotune/wisdom_files.h"
#include "commands.h"
#include "failure.h"
#include "print.h"
#include "system_info.h"
#include "tune_adams.h"
#include "tune_network.h"
#include "tune_options.h"
#include "tune_progress.h"
#include "tune_report.h"

namespace involute {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Seconds of a trial on two cores, by what compiles: measured on Sapphire Rapids, for --dry-run.
double trial_seconds(const autotune::TuningKey &key) {
    const double build = key.op == "involution" ? 1.5 : key.op == "kernel_generation" ? 1.0 : 0.5;
    return build / std::max(1, usable_cores()) + 0.2;
}

class Tuner {
public:
    explicit Tuner(const TuneOptions &options)
        : options_(options), settings_(search_settings(options)), cases_(tune_cases(options)) {
        require_emit_program("tune");
        file_ = options.raw.wisdom.empty() ? autotune::user_wisdom_file() : options.raw.wisdom;
        limit_ = options.time_limit.empty() ? INFINITY
                                            : parse_duration("--time-limit", options.time_limit);
    }

    int run() {
        std::signal(SIGPIPE, SIG_IGN); // a contestant that is gone shows when it is asked
        try {
            find_subjects();
            if (options_.dry_run)
                return describe();
        } catch (const std::invalid_argument &error) { // of a space: --knob
            throw Failure(kExitUsage, error.what());
        }
        const std::string history =
            options_.history.empty() ? autotune::history_file_of(file_) : options_.history;
        try {
            make_folder_of(history);
            make_folder_of(file_);
            history_ = std::make_unique<autotune::History>(
                autotune::History::open(history, wisdom_header()));
            tune();
        } catch (const Failure &) {
            throw;
        } catch (const std::runtime_error &error) { // of the stores: a file, a full disk
            throw Failure(kExitUsage, error.what());
        }
        return kExitOk;
    }

private:
    // A case with what is tuned of it.
    struct Work {
        BenchCase which;
        std::vector<TuneSubject> subjects;
    };

    static void make_folder_of(const std::string &file) {
        const fs::path folder = fs::path(file).parent_path();
        std::error_code error;
        if (!folder.empty())
            fs::create_directories(folder, error);
        if (error)
            throw Failure(kExitUsage, file + ": " + error.message());
    }

    void find_subjects() {
        for (const BenchCase &which : cases_) {
            if (options_.cost == kInstructions)
                require_counting(which.isa);
            else if (is_emulated())
                throw Failure(kExitEnvironment, "tune: under an emulator times mean nothing; "
                                                "--cost instructions counts");
            std::vector<std::string> left_out;
            Work work = {which, which.description.is_object() ? operator_subjects(which, &left_out)
                                                              : network_subjects(which, &left_out)};
            for (const std::string &line : left_out)
                say("not tuned: " + line);
            if (!settings_.space.fixed.empty()) // a wrong --knob is found before any work
                for (const TuneSubject &subject : work.subjects)
                    autotune::space_of(subject.key, settings_.space);
            work_.push_back(std::move(work));
        }
        subjects_ = 0;
        for (const Work &work : work_)
            subjects_ += work.subjects.size();
        if (subjects_ == 0)
            throw Failure(kExitUsage, "tune: nothing of what was asked for can be tuned");
    }

    int describe() {
        Json rows = Json::array();
        Table table({"<layer", "share", "points", "trials", "expected"});
        double all = 0;
        for (const Work &work : work_) {
            settings_.layers = work.subjects.size();
            for (const TuneSubject &subject : work.subjects) {
                const autotune::KnobSpace space = autotune::space_of(subject.key, settings_.space);
                const size_t trials = planned_trials(settings_, subject.share, space.size());
                const double seconds = static_cast<double>(trials) * trial_seconds(subject.key);
                all += seconds;
                table.row(
                    {autotune::text_of(subject.key), percent(subject.share),
                     std::to_string(space.size()) + " of " + std::to_string(space.combinations()),
                     std::to_string(trials), duration_text(seconds)});
                Json row = {{"layer", autotune::text_of(subject.key)},
                            {"key", Json::parse(to_json(subject.key).dump())},
                            {"share", subject.share},
                            {"points", space.size()},
                            {"combinations", space.combinations()},
                            {"trials", trials},
                            {"expected_s", seconds}};
                for (const autotune::KnobRange &knob : space.knobs())
                    row["knobs"][knob.name] = knob.values;
                row["ruled_out"] = Json::object();
                for (const auto &[reason, count] : space.rejected())
                    row["ruled_out"][reason] = count;
                rows.push_back(row);
            }
        }
        if (options_.json)
            print(rows.dump(2) + "\n");
        else
            print(table.text() + "\nexpected in all: " + duration_text(std::min(all, limit_)) +
                  "\n");
        return kExitOk;
    }

    void tune() {
        was_interrupted(); // from here on ctrl-C ends the search, not the process
        const Deadline begin = Clock::now();
        TuneProgress progress(subjects_, begin, limit_);
        progress_ = &progress;
        for (const Work &work : work_) {
            const double part =
                static_cast<double>(work.subjects.size()) / static_cast<double>(subjects_);
            tune_case(work, begin, limit_ * part);
            if (was_interrupted())
                break;
        }
        progress.clear();
        if (options_.json)
            print(results_.dump(2) + "\n");
        if (!options_.report.empty())
            write_tune_report(options_.report, *history_, reported_, options_.command);
        if (was_interrupted()) {
            say("interrupted: " + std::to_string(history_->count()) +
                " trials are kept; --resume goes on with them");
            std::signal(SIGINT, SIG_DFL);
            std::raise(SIGINT);
        }
    }

    void tune_case(const Work &work, Deadline begin, double limit) {
        settings_.layers = work.subjects.size();
        const autotune::Wisdom old = wisdom_before();
        double shares_left = 0;
        for (const TuneSubject &subject : work.subjects)
            shares_left += subject.share;
        // The check of a network at the end takes its time too.
        const bool network = !work.which.description.is_object();
        const double check = std::max(0.1 * limit, std::min(20.0, 0.3 * limit));
        const double until = network ? limit - check : limit;
        const Deadline end =
            std::isfinite(until) ? later(begin_of(work, begin), until) : Deadline::max();
        for (const TuneSubject &subject : work.subjects) {
            if (was_interrupted())
                break;
            const double left = seconds_until(end);
            const Deadline own =
                std::isfinite(until)
                    ? later(Clock::now(), left * subject.share / std::max(shares_left, 1e-9))
                    : Deadline::max();
            shares_left -= subject.share;
            progress_->next_search();
            const auto tell = [this](const SearchState &now) { progress_->tell(now); };
            const SearchState state =
                settings_.strategy == kAdamsLoop
                    ? search_adams(subject, settings_, own, history_.get(), tell)
                    : search_layer(subject, settings_, old, own, history_.get(), tell);
            reported_.push_back(subject.key);
            if (!network)
                autotune::export_wisdom([&] { return history_->wisdom(); }, file_);
            report(subject, state);
        }
        if (network && !was_interrupted())
            judge(work.which, old);
        autotune::export_wisdom([&] { return history_->wisdom(); }, file_);
    }

    Deadline begin_of(const Work &work, Deadline begin) const {
        return &work == &work_.front() ? begin : Clock::now();
    }
    static Deadline later(Deadline from, double seconds) {
        return from +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    }

    // What the file says now; without one what was shipped.
    autotune::Wisdom wisdom_before() const {
        std::vector<std::string> warnings;
        std::error_code error;
        const bool named = fs::exists(file_, error);
        autotune::Wisdom wisdom = autotune::find_wisdom(named ? file_ : "", shipped_wisdom_folder(),
                                                        wisdom_header(), &warnings);
        for (const std::string &warning : warnings)
            say(warning);
        return wisdom;
    }

    void judge(const BenchCase &which, const autotune::Wisdom &old) {
        const NetworkResult result = check_network(which, old, history_.get());
        progress_->clear();
        Json row = {{"network", which.model},
                    {"hand_ms", result.hand},
                    {"before_ms", result.before},
                    {"after_ms", result.after},
                    {"ratio", result.ratio},
                    {"won", result.won},
                    {"dropped", result.dropped},
                    {"failure", result.failure.empty() ? Json() : Json(result.failure)}};
        results_.push_back(row);
        if (options_.json)
            return;
        for (const std::string &layer : result.dropped)
            print("  does not pay in the network: " + layer + "\n");
        print(
            which.model + ": " + fixed(result.hand, 2) + " ms by hand, " + fixed(result.before, 2) +
            " with the wisdom before, " + fixed(result.after, 2) + " with the new" +
            (result.won                ? "\n"
             : !result.failure.empty() ? "; the old wisdom is kept: " + result.failure + "\n"
                                       : "; the old wisdom is kept where the sum does not win\n"));
    }

    void report(const TuneSubject &subject, const SearchState &state) {
        results_.push_back(
            {{"layer", state.name},
             {"key", Json::parse(to_json(subject.key).dump())},
             {"share", subject.share},
             {"points", state.points},
             {"trials", state.done},
             {"rejected", state.rejected},
             {"cost", options_.cost},
             {"hand_ms", options_.cost == kTime ? Json(state.incumbent * 1e3) : Json()},
             {"ratio", state.best},
             {"knobs", Json::parse(state.knobs.dump())}});
        if (options_.json)
            return;
        progress_->clear();
        print(state.name + ": " + std::to_string(state.done) + " trials, " +
              std::to_string(state.rejected) + " rejected; " + gain_text(state.best) +
              (state.knobs.empty() ? "" : ": " + autotune::knob_text(state.knobs)) + "\n");
    }

    void say(const std::string &line) const {
        if (progress_)
            progress_->clear();
        std::fprintf(stderr, "%s\n", line.c_str());
    }

    TuneOptions options_;
    SearchSettings settings_;
    std::vector<BenchCase> cases_;
    std::vector<Work> work_;
    size_t subjects_ = 0;
    std::string file_;
    double limit_;
    std::unique_ptr<autotune::History> history_;
    std::vector<autotune::TuningKey> reported_;
    TuneProgress *progress_ = nullptr;
    Json results_ = Json::array();
};

} // namespace

void add_tune(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand(
        "tune", "Searches the knobs of the tuned schedule, for operators or a network's layers");
    auto options = std::make_shared<TuneOptions>();
    add_shared_options(command, &options->raw);
    add_operator_options(command, &options->op);
    command
        ->add_option("--effort", options->effort,
                     "estimate, measure, patient, exhaustive (measure)")
        ->type_name("NAME");
    command
        ->add_option("--cost", options->cost,
                     "what is minimised: time, or instructions as valgrind (NEON: QEMU) counts")
        ->type_name("NAME");
    command->add_option("--time-limit", options->time_limit, "90s, 10m, 2h (none)")
        ->type_name("TIME");
    command->add_flag("--resume", options->resume, "go on with the trials that the history has");
    command
        ->add_option("--history", options->history,
                     "where trials are kept (FILE.history.sqlite beside the wisdom FILE.json)")
        ->type_name("FILE");
    command
        ->add_option("--strategy", options->strategy,
                     joined(autotune::strategy_names()) + "; " + kAdamsLoop +
                         ": Halide's autoscheduler retrained on what is timed, for comparison")
        ->type_name("NAME");
    command->add_option("--seed", options->seed, "of the strategy (0)")->type_name("N");
    command->add_option("--trials", options->trials, "instead of the effort's number")
        ->type_name("N");
    command->add_option("--shard", options->shard, "only every N-th point, from the I-th")
        ->type_name("I/N");
    command->add_option("--knob", options->knobs, "only these values: tile=4..8, unroll_k=2|4")
        ->type_name("NAME=VALUES")
        ->allow_extra_args(false);
    command->add_option("--rounds", options->rounds, "turns of a candidate (12)")->type_name("N");
    command->add_option("--build-time", options->build_time, "of a candidate (60s)")
        ->type_name("TIME");
    command->add_option("--build-memory", options->build_memory, "megabytes for that (4096)")
        ->type_name("MB");
    command->add_option("--run-time", options->run_time, "of one answer of its process (20s)")
        ->type_name("TIME");
    command->add_option("--run-memory", options->run_memory, "megabytes of it (8192)")
        ->type_name("MB");
    command->add_flag("--allow-reassociation", options->allow_reassociation,
                      "also knobs that change the order of sums, and so bits of results");
    command->add_flag("--dry-run", options->dry_run, "print the space and the expected time");
    command->add_option("--report", options->report, "write a page about the search")
        ->type_name("FILE.html");
    command->add_flag("--json", options->json, "print JSON");
    command->footer(
        "Candidates are built by the emit program, checked by the float64 oracle and timed in\n"
        "processes of their own, in turns with the hand schedule. Every trial is kept in the\n"
        "history as soon as it is there; the wisdom file is made of that and never changes a bit "
        "of\nany result. Without --wisdom: the user's (docs/tuning.md). A network is run as a "
        "whole "
        "at the\nend; where it is not faster, the old wisdom stays. Threads: 1 unless --threads "
        "says more.\n\n");
    command->callback([=] {
        options->command = command_line();
        *exit_code = Tuner(*options).run();
    });
}

} // namespace involute
