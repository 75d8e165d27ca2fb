// Everything is built before the first is timed: nothing compiles beside a measurement.
#include "contest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "autotune/hash.h"
#include "bench_runner.h"
#include "contestant.h"
#include "failure.h"
#include "gradient_problem.h"
#include "peak.h"
#include "print.h"
#include "progress.h"
#include "system_info.h"

namespace involute {

namespace {

constexpr double kNetworkBound = 1e-5; // of the largest value
constexpr int kContestPeakSamples = 100;
constexpr double kSlowRun = 0.25; // seconds: those that take longer have fewer turns
constexpr size_t kSlowRounds = 2;
constexpr uint64_t kProblemSeed = 2026;

Size size_of(const Plan &plan) {
    return {plan.session.at("height"), plan.session.at("width")};
}

// A competitor and all that is known of it.
struct Entry {
    const Competitor *competitor;
    Plan plan;
    std::string key;
    std::vector<Pack> packs;
    std::string problem_key; // the same for competitors that compute the same
    std::shared_ptr<const oracle::Problem> problem;
    std::unique_ptr<Contestant> contestant;
    std::string failure;

    bool is_well() const {
        return failure.empty() && contestant && contestant->failure().empty();
    }
};

// "" but for tuned kernels.
std::string wisdom_key(const BenchCase &which) {
    return which.schedule == kTuned && which.wisdom
               ? " | " + autotune::hash_of_text(which.wisdom->text())
               : "";
}

std::string key_of(const Entry &entry, const ContestSettings &settings) {
    const Size size = entry.plan.failure.empty() ? size_of(entry.plan) : Size();
    return bench_command(entry.competitor->which, size) + " | " + entry.competitor->group + " | " +
           entry.competitor->label + " | " + std::to_string(settings.rounds) + " x " +
           significant(settings.turn_seconds, 3) + " s | " + cpu_model() + " | " + commit() +
           " | " + emit_hash() + wisdom_key(entry.competitor->which);
}

double sum_of(const std::vector<Pack> &packs, const char *field) {
    double sum = 0;
    for (const Pack &pack : packs)
        sum += pack.description.is_object() ? pack.description.value(field, 0.0) : 0.0;
    return sum;
}

Json code_of(const std::vector<Pack> &packs) {
    Json all = Json::array();
    for (const Pack &pack : packs)
        if (pack.description.is_object()) {
            Json code = Json::object();
            for (const char *field : {"row", "isa", "schedule", "call", "loop_nest", "hot_loop",
                                      "schedule_source", "from_saved"})
                code[field] = pack.description.value(field, Json());
            all.push_back(code);
        }
    return all;
}

class Referee {
public:
    explicit Referee(const ContestSettings &settings) : settings_(settings) {}

    void run(std::vector<Entry> *entries) {
        std::map<std::string, std::shared_ptr<const oracle::Problem>> problems;
        for (Entry &entry : *entries)
            if (entry.failure.empty())
                enter(&entry, &problems);
        check_outputs(entries);
        time(entries);
    }

private:
    void enter(Entry *entry, std::map<std::string, std::shared_ptr<const oracle::Problem>> *known) {
        const BenchCase &which = entry->competitor->which;
        entry->problem_key = entry->plan.model.dump() + std::to_string(which.batch) +
                             size_text(size_of(entry->plan));
        const auto [problem, first] = known->emplace(entry->problem_key, nullptr);
        if (first)
            problem->second = problem_of(which, entry->plan);
        entry->problem = problem->second;
        entry->contestant = std::make_unique<Contestant>(which, entry->problem.get(),
                                                         ContestantSettings{settings_.run});
        entry->contestant->prepare();
        entry->contestant->check();
    }

    // Of networks: all against the hand schedule's, which `involute verify` checks.
    void check_outputs(std::vector<Entry> *entries) {
        for (Entry &entry : *entries) {
            if (!entry.is_well() || entry.contestant->outputs().empty() ||
                entry.competitor->which.schedule == kHand)
                continue;
            const std::vector<double> expected = hand_outputs(*entries, entry);
            const std::vector<double> &got = entry.contestant->outputs();
            double largest = 0, worst = 0;
            for (double value : expected)
                largest = std::fmax(largest, std::fabs(value));
            for (size_t i = 0; i < got.size() && i < expected.size(); ++i) {
                const double error = std::fabs(got[i] - expected[i]);
                worst = std::isfinite(error) ? std::fmax(worst, error) : INFINITY;
            }
            if (got.size() != expected.size() || worst > kNetworkBound * largest)
                entry.contestant->disqualify("wrong: off by " + significant(worst, 3) +
                                             " where the hand schedule's largest value is " +
                                             significant(largest, 3));
        }
    }

    std::vector<double> hand_outputs(const std::vector<Entry> &entries, const Entry &of) {
        for (const Entry &other : entries)
            if (other.is_well() && other.competitor->which.schedule == kHand &&
                other.problem_key == of.problem_key)
                return other.contestant->outputs();
        BenchCase hand = of.competitor->which;
        hand.schedule = kHand;
        Contestant reference(hand, nullptr, {settings_.run});
        reference.prepare();
        reference.check();
        return reference.outputs();
    }

    void time(std::vector<Entry> *entries) {
        for (int round = 0; round < settings_.rounds; ++round)
            for (Entry &entry : *entries) {
                if (!entry.is_well())
                    continue;
                const auto &times = entry.contestant->times();
                const bool slow = !times.empty() && median(times.back()) > kSlowRun;
                if (!slow || times.size() < kSlowRounds)
                    entry.contestant->take_turn(settings_.turn_seconds);
            }
    }

    const ContestSettings &settings_;
};

void add_times(const std::vector<std::vector<double>> &turns, Json *row) {
    std::vector<double> medians;
    size_t runs = 0;
    for (const std::vector<double> &turn : turns) {
        medians.push_back(median(turn));
        runs += turn.size();
    }
    const double middle = median(medians);
    const auto [low, high] = std::minmax_element(medians.begin(), medians.end());
    (*row)["ms_median"] = middle * 1e3;
    (*row)["spread"] = middle > 0 ? (*high - *low) / middle : 0;
    (*row)["runs"] = runs;
    (*row)["rounds"] = medians.size();
}

Json row_of(const Entry &entry, double peak) {
    const Competitor &competitor = *entry.competitor;
    Json row = {{"group", competitor.group}, {"label", competitor.label}};
    if (entry.plan.failure.empty()) {
        Model model;
        model.json = entry.plan.model;
        model.label = competitor.which.description.is_object()
                          ? competitor.which.description.at("kind").get<std::string>()
                          : competitor.which.model;
        model.weights_text =
            competitor.which.weights.empty() ? "synthetic:0" : competitor.which.weights;
        row.update(bench_identity(competitor.which, model, entry.plan.session));
        const Json &session = entry.plan.session;
        row["macs"] = session.at("macs");
        int64_t bytes = 0;
        for (const Json &layer : session.at("layers"))
            bytes += layer.at("bytes").get<int64_t>();
        row["bytes"] = bytes;
        row["parameters"] = entry.plan.model.value("parameters", int64_t{0});
        row["command"] = bench_command(competitor.which, size_of(entry.plan));
    }
    row["schedule"] = competitor.which.schedule;
    row["isa"] = involute_isa_name(competitor.which.isa);
    row["cpu"] = cpu_model();
    row["commit"] = commit();
    row["versions"] = {{"involute", involute_version()}, {"halide", halide_version()}};
    row["key"] = entry.key;
    for (const char *field : {"search_s", "search_cpu_s", "build_s", "code_bytes"})
        row[field] = sum_of(entry.packs, field);
    double build_peak = 0;
    for (const Pack &pack : entry.packs)
        if (pack.description.is_object())
            build_peak = std::fmax(build_peak, pack.description.value("peak_mb", 0.0));
    row["build_peak_mb"] = build_peak;
    row["code"] = code_of(entry.packs);
    const std::string failure = !entry.failure.empty() ? entry.failure
                                : entry.contestant     ? entry.contestant->failure()
                                                       : "was not run";
    if (!failure.empty()) {
        row["failure"] = failure;
        return row;
    }
    add_times(entry.contestant->times(), &row);
    const double seconds = row.at("ms_median").get<double>() / 1e3;
    const double flops = 2 * row.at("macs").get<double>();
    row["gflops"] = flops / seconds * 1e-9;
    row["images_per_s"] = static_cast<double>(competitor.which.batch) / seconds;
    row["fma_peak_gflops"] = peak;
    row["peak_fraction"] = peak > 0 ? Json(flops / seconds * 1e-9 / peak) : Json();
    row["memory_mb"] = entry.contestant->session().at("memory").at("total").get<double>() / 1e6;
    return row;
}

// The packs of all entries at once, so that all cores have work.
void build_all(std::vector<std::vector<Entry>> *contests, const ContestSettings &settings) {
    std::vector<PackRequest> requests;
    std::vector<std::pair<Entry *, size_t>> owners;
    for (std::vector<Entry> &entries : *contests)
        for (Entry &entry : entries) {
            if (!entry.plan.failure.empty()) {
                entry.failure = entry.plan.failure;
                continue;
            }
            const std::vector<PackRequest> own =
                pack_requests(entry.plan.session, entry.competitor->which.schedule,
                              tuning_of(entry.competitor->which));
            owners.emplace_back(&entry, own.size());
            requests.insert(requests.end(), own.begin(), own.end());
        }
    const std::vector<Pack> packs = build_packs(requests, settings.search);
    size_t next = 0;
    for (const auto &[entry, count] : owners) {
        for (size_t i = next; i < next + count; ++i) {
            entry->packs.push_back(packs[i]);
            if (!packs[i].error.empty() && entry->failure.empty())
                entry->failure = requests[i].row + ": " + packs[i].error;
        }
        next += count;
    }
}

// By instruction set and threads, sampled before and after: clocks change.
class Peaks {
public:
    void sample(const std::vector<Entry> &entries) {
        std::set<Machine> done;
        for (const Entry &entry : entries) {
            const BenchCase &which = entry.competitor->which;
            const Machine machine = {which.isa, which.threads};
            if (done.insert(machine).second)
                samples_[machine].push_back(sample_peak(which.isa, INVOLUTE_F32,
                                                        std::min(which.threads, usable_cores()),
                                                        kContestPeakSamples));
        }
    }
    double of(const BenchCase &which) const {
        const std::vector<PeakSamples> &samples = samples_.at({which.isa, which.threads});
        return peak_gflops(samples.front(), samples.back());
    }

private:
    using Machine = std::pair<involute_isa, int>;
    std::map<Machine, std::vector<PeakSamples>> samples_;
};

} // namespace

Plan plan_of(BenchCase which) {
    Plan plan;
    try {
        which.schedule = kHand;
        const Model model = build_model(which);
        const Size size = bench_size(which, model);
        involute_session_options options = {};
        options.batch = which.batch, options.threads = which.threads;
        options.height = size.height, options.width = size.width;
        options.plan_only = 1;
        plan.model = model.json;
        plan.session = create_session(model, options).json;
    } catch (const Failure &failure) {
        plan.failure = failure.what();
    }
    return plan;
}

std::shared_ptr<const oracle::Problem> problem_of(const BenchCase &which, const Plan &plan) {
    if (!which.description.is_object())
        return nullptr;
    try {
        oracle::Random random(kProblemSeed);
        if (which.description.at("kind") == "involution_grad_input")
            return std::make_shared<const oracle::Problem>(
                make_gradient_problem(plan.model, which.batch, size_of(plan), &random));
        const nlohmann::json description = nlohmann::json::parse(plan.model.dump());
        return std::make_shared<const oracle::Problem>(oracle::make_problem(
            description, which.batch, size_of(plan).height, size_of(plan).width, &random));
    } catch (const std::invalid_argument &) {
        return nullptr;
    }
}

std::vector<Json> run_contests(const std::vector<Contest> &contests,
                               const ContestSettings &settings,
                               const std::function<Json(const std::string &key)> &finished,
                               const std::function<void(const Json &row)> &finish) {
    std::vector<std::vector<Entry>> open;
    std::vector<std::string> keys;
    std::map<std::string, Json> rows;
    for (const Contest &contest : contests) {
        std::vector<Entry> entries;
        std::map<std::string, Plan> plans; // one for all schedules of a case
        bool all_there = true;
        for (const Competitor &competitor : contest.competitors) {
            Entry entry;
            entry.competitor = &competitor;
            BenchCase hand = competitor.which;
            hand.schedule = kHand;
            const auto [plan, first] = plans.emplace(bench_command(hand, hand.size), Plan());
            if (first)
                plan->second = plan_of(hand);
            entry.plan = plan->second;
            entry.key = key_of(entry, settings);
            keys.push_back(entry.key);
            rows[entry.key] = finished(entry.key);
            all_there = all_there && !rows[entry.key].is_null();
            entries.push_back(std::move(entry));
        }
        if (!all_there)
            open.push_back(std::move(entries));
    }
    build_all(&open, settings);
    Progress progress(static_cast<int>(open.size()));
    for (std::vector<Entry> &entries : open) {
        const BenchCase &first = entries[0].competitor->which;
        progress.step(entries[0].competitor->group + ", " + involute_isa_name(first.isa) + ", " +
                      std::to_string(first.threads) + " threads");
        Peaks peaks;
        peaks.sample(entries);
        Referee(settings).run(&entries);
        peaks.sample(entries);
        for (Entry &entry : entries) {
            finish(rows[entry.key] = row_of(entry, peaks.of(entry.competitor->which)));
            entry.contestant.reset();
        }
    }
    std::vector<Json> ordered;
    for (const std::string &key : keys)
        ordered.push_back(rows.at(key));
    return ordered;
}

} // namespace involute
