// Halide's own loop (adams2019_autotune_loop.sh) wants many cores and compiles a program for every
// sample; this one builds packs. The first schedule of all is the best that beam search finds.
#include "tune_adams.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "failure.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

constexpr size_t kSamples = 16; // of a batch
constexpr int kEpochs = 32;
constexpr const char *kRate = "0.0001";
// How weights are stored: 4 bytes of name, two versions, then the values.
constexpr char kWeightsMagic[] = "1fwh\3\0\0\0\3\0\0\0";
constexpr size_t kMagicBytes = 12, kWeightsBytes = 17136;

class AdamsLoop {
public:
    AdamsLoop(const TuneSubject &subject, const SearchSettings &settings,
              autotune::History *history)
        : subject_(subject), settings_(settings), runner_(subject, trial_settings(), history),
          folder_(packs_folder()), weights_(folder_.path() + "/weights.weights") {
        const std::string halide = halide_library_folder(folder_.path() + "/where");
        programs_ = (fs::path(halide).parent_path() / "bin").string();
        for (const char *name : {"featurization_to_sample", "adams2019_retrain_cost_model"})
            if (!fs::exists(fs::path(programs_) / name))
                throw Failure(kExitEnvironment, "--strategy adams2019: " + programs_ + "/" + name +
                                                    " is missing; it comes with pip's Halide");
        take_weights_of(halide + "/libautoschedule_adams2019.so");
        state_.name = autotune::text_of(subject.key) + ", adams2019";
    }

    SearchState run(size_t planned, Deadline deadline,
                    const std::function<void(const SearchState &)> &tell) {
        state_.planned = planned;
        tell(state_);
        while (state_.done < planned && seconds_until(deadline) > 0 && !was_interrupted()) {
            const size_t count = std::min(kSamples, planned - state_.done);
            const std::vector<Proposal> proposals = propose(count);
            const std::vector<autotune::Trial> trials =
                runner_.run(proposals, kAdamsLoop, deadline);
            if (trials.empty())
                break;
            for (size_t i = 0; i < trials.size(); ++i)
                take(trials[i], runner_.features()[i]);
            state_.incumbent = runner_.incumbent_cost();
            tell(state_);
            if (state_.done < planned && samples_ > 0 && seconds_until(deadline) > 0)
                retrain();
        }
        return state_;
    }

private:
    TrialSettings trial_settings() const {
        TrialSettings trial = settings_.trial;
        trial.strategy = kAdamsLoop, trial.seed = settings_.seed;
        trial.allow_reassociation = true; // its schedules promise no order
        return trial;
    }

    static std::string halide_library_folder(const std::string &log) {
        const std::string emit = require_emit_program("--strategy adams2019");
        find_halide(emit, packs_folder(), "--strategy adams2019");
        wait_for(start_program({emit, "--where"}, log), "--strategy adams2019: the emit program",
                 log);
        const std::string text = text_of(log);
        return text.substr(0, text.find('\n'));
    }

    // The plug-in holds its weights; the wheel has no file of them to begin with.
    void take_weights_of(const std::string &plugin) {
        std::ifstream file(plugin, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
        const size_t at = bytes.find(std::string(kWeightsMagic, kMagicBytes));
        if (at == std::string::npos || at + kWeightsBytes > bytes.size())
            return; // then the first training begins with random ones
        std::ofstream(weights_, std::ios::binary) << bytes.substr(at, kWeightsBytes);
    }

    std::vector<Proposal> propose(size_t count) {
        std::vector<Proposal> proposals;
        for (size_t i = 0; i < count; ++i, ++proposed_) {
            const bool first = proposed_ == 0;
            const size_t seed = settings_.seed * 100000 + proposed_;
            Proposal proposal;
            proposal.which = subject_.which;
            proposal.which.schedule = kAdamsLoop;
            proposal.which.search = std::string(first ? "beam_size=8,random_dropout=100"
                                                      : "beam_size=1,random_dropout=1") +
                                    ",random_dropout_seed=" + std::to_string(seed);
            if (fs::exists(weights_))
                proposal.which.search += ",weights_path=" + weights_;
            proposal.knobs = {{"beam_size", first ? 8 : 1}, {"random_dropout_seed", seed}};
            proposals.push_back(proposal);
        }
        return proposals;
    }

    void take(const autotune::Trial &trial, const std::string &features) {
        ++state_.done;
        if (trial.outcome != autotune::Outcome::kOk) {
            ++state_.rejected;
            return;
        }
        if (trial.ratio < state_.best) {
            state_.best = trial.ratio;
            state_.knobs = autotune::Json::parse(trial.knobs);
        }
        const std::string sample = folder_.path() + "/" + std::to_string(samples_) + ".sample";
        run_tool({programs_ + "/featurization_to_sample", features, significant(trial.median, 9),
                  "0", std::to_string(samples_), sample});
        std::ofstream(folder_.path() + "/samples", std::ios::app) << sample << '\n';
        ++samples_;
    }

    // Reads the names of all samples from its standard input.
    void retrain() {
        const std::string path = folder_.path();
        const std::string start =
            fs::exists(weights_) ? "--initial_weights=" + weights_ : "--randomize_weights=1";
        run_tool({"sh", "-c",
                  shell_quoted(programs_ + "/adams2019_retrain_cost_model") +
                      " --epochs=" + std::to_string(kEpochs) + " --rates=" + kRate +
                      " --num_cores=" + std::to_string(usable_cores()) + " " + shell_quoted(start) +
                      " --weights_out=" + shell_quoted(weights_) +
                      " --best_benchmark=" + shell_quoted(path + "/best") +
                      " --best_schedule=" + shell_quoted(path + "/best.schedule") + " < " +
                      shell_quoted(path + "/samples")});
    }

    void run_tool(const std::vector<std::string> &words) const {
        const std::string log = folder_.path() + "/log";
        wait_for(start_program(words, log), "--strategy adams2019: " + words.back(), log);
    }

    const TuneSubject &subject_;
    const SearchSettings &settings_;
    TrialRunner runner_;
    WorkFolder folder_;
    std::string weights_, programs_;
    SearchState state_;
    size_t proposed_ = 0, samples_ = 0;
};

} // namespace

SearchState search_adams(const TuneSubject &subject, const SearchSettings &settings,
                         Deadline deadline, autotune::History *history,
                         const std::function<void(const SearchState &)> &tell) {
    AdamsLoop loop(subject, settings, history);
    const size_t planned =
        settings.effort.trials == 0 ? kSamples : static_cast<size_t>(settings.effort.trials);
    return loop.run(planned, deadline, tell);
}

} // namespace involute
