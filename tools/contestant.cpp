// The process is a fork of this one, so that it has the problem in memory already. Questions go to
// it and answers come back as lines of JSON.
#include "contestant.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>

#include "autotune/hash.h"
#include "bench_profile.h"
#include "failure.h"
#include "oracle_tensors.h"
#include "packs.h"
#include "peak.h"
#include "print.h"

namespace involute {

namespace {

constexpr size_t kMaxTimes = 4096; // of a turn
constexpr int kMaxFiles = 1024;    // open at once

// ---- in the process of the contestant ----

WeightsHandle weights_of(const oracle::Problem &problem) {
    const std::vector<involute_named_tensor> tensors = named(problem.weights);
    involute_weights *weights = nullptr;
    require(involute_weights_create(tensors.data(), tensors.size(), &weights), "weights");
    return WeightsHandle(weights);
}

Model build(const BenchCase &which, const oracle::Problem *problem) {
    if (!problem)
        return build_model(which);
    Model model = open_operator(which.description, which.weights, which.size);
    model.weights = weights_of(*problem);
    model.tuning = tuning_of(which);
    create_model(which.isa, which.schedule, &model);
    return model;
}

struct Comparison {
    double worst = 0;  // error over its bound
    std::string wrong; // "" where all values are within
};

Comparison compare(const oracle::Bounded &expected, const float *got) {
    Comparison result;
    size_t wrong = 0;
    std::string first;
    for (size_t i = 0; i < expected.value.size(); ++i) {
        const double value = double{got[i]}, error = std::fabs(value - expected.value[i]);
        if (error <= expected.bound[i] && std::isfinite(value)) {
            if (error > 0)
                result.worst = std::fmax(result.worst, error / expected.bound[i]);
            continue;
        }
        if (wrong++ == 0)
            first = "value " + std::to_string(i) + " is " + significant(value, 9) + ", expected " +
                    significant(expected.value[i], 9) + " within " +
                    significant(expected.bound[i], 2);
    }
    if (wrong > 0)
        result.wrong = "wrong: " + first + "; " + std::to_string(wrong) + " of " +
                       std::to_string(expected.value.size()) + " values are outside";
    return result;
}

class Worker {
public:
    Worker(const BenchCase &which, const oracle::Problem *problem,
           const ContestantSettings &settings)
        : problem_(problem), model_(build(which, problem)),
          runner_(model_, which.batch, bench_size(which, model_), options(which, settings)),
          others_(static_cast<size_t>(settings.cold_bytes)) {}

    Json answer(const Json &question) {
        const std::string wanted = question.at("wanted");
        if (wanted == "session")
            return {{"session", runner_.json()}};
        if (wanted == "check")
            return check();
        if (wanted == "profile")
            return {{"layers", profile(question.at("runs"))}};
        return {{"seconds", turn(question.at("seconds"))}};
    }

private:
    static involute_session_options options(const BenchCase &which,
                                            const ContestantSettings &settings) {
        involute_session_options options = {};
        options.threads = which.threads;
        options.profile = settings.profiles ? 1 : 0;
        return options;
    }

    Json check() {
        Tensor output(runner_.json().at("outputs")[0].at("name"),
                      runner_.json().at("outputs")[0].at("shape").get<std::vector<int64_t>>(),
                      Order::kRowMajor);
        if (!problem_) {
            runner_.compute_first(output.named());
            return {{"outputs", std::vector<float>(output.data(), output.data() + output.count())}};
        }
        runner_.compute(named(problem_->inputs), output.named());
        const size_t count = static_cast<size_t>(output.count());
        if (count != problem_->expected.value.size())
            return {{"error", "wrong: the result has another size"}};
        const Comparison comparison = compare(problem_->expected, output.data());
        if (!comparison.wrong.empty())
            return {{"error", comparison.wrong}};
        return {{"hash", autotune::hash_of_values(output.data(), output.count())},
                {"worst", comparison.worst}};
    }

    // As the layers around it would: everything of the last run is gone from the inner caches.
    void use_caches() {
        for (size_t i = 0; i < others_.size(); i += 64)
            others_[i] = static_cast<char>(others_[i] + 1);
    }

    std::vector<double> profile(int runs) {
        std::vector<std::vector<double>> seconds(runner_.layers());
        runner_.run();
        for (int run = 0; run < runs; ++run) {
            runner_.run();
            const std::vector<double> last = layer_seconds(runner_);
            for (size_t i = 0; i < seconds.size(); ++i)
                seconds[i].push_back(last[i]);
        }
        std::vector<double> medians;
        for (const std::vector<double> &layer : seconds)
            medians.push_back(median(layer));
        return medians;
    }

    std::vector<double> turn(double limit) {
        runner_.run();
        std::vector<double> seconds;
        const BenchClock::time_point start = BenchClock::now();
        for (BenchClock::time_point last = start; seconds.size() < kMaxTimes;) {
            if (!others_.empty()) {
                use_caches();
                last = BenchClock::now();
            }
            runner_.run();
            const BenchClock::time_point now = BenchClock::now();
            seconds.push_back(seconds_between(last, now));
            last = now;
            if (seconds_between(start, now) >= limit)
                break;
        }
        return seconds;
    }

    const oracle::Problem *problem_;
    Model model_;
    Runner runner_;
    std::vector<char> others_;
};

// One line without its end; false when the other side is gone.
bool read_line(int file, std::string *line) {
    line->clear();
    for (char c; read(file, &c, 1) == 1;) {
        if (c == '\n')
            return true;
        line->push_back(c);
    }
    return false;
}

bool write_line(int file, const Json &json) {
    const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    for (size_t written = 0; written < line.size();) {
        const ssize_t count = write(file, line.data() + written, line.size() - written);
        if (count <= 0)
            return false;
        written += static_cast<size_t>(count);
    }
    return true;
}

void stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set); // without it times only spread more
}

[[noreturn]] void serve(const BenchCase &which, const oracle::Problem *problem,
                        const ContestantSettings &settings, int from, int to) {
    if (settings.core >= 0)
        stay_on(settings.core);
    // The ends of the others' pipes, which would keep those open.
    for (int file = 3; file < kMaxFiles; ++file)
        if (file != from && file != to)
            close(file);
    std::string line;
    std::unique_ptr<Worker> worker;
    while (read_line(from, &line)) {
        Json answer;
        try {
            if (!worker)
                worker = std::make_unique<Worker>(which, problem, settings);
            answer = worker->answer(Json::parse(line));
        } catch (const std::bad_alloc &) {
            answer = {{"error", "no memory left"}};
        } catch (const std::exception &error) {
            answer = {{"error", error.what()}};
        }
        if (!write_line(to, answer))
            break;
    }
    _exit(0);
}

} // namespace

Contestant::Contestant(const BenchCase &which, const oracle::Problem *problem,
                       const ContestantSettings &settings)
    : which_(which), problem_(problem), settings_(settings) {
    start();
}

Contestant::~Contestant() {
    if (process_ > 0)
        end_of_process();
}

void Contestant::start() {
    int questions[2], answers[2];
    if (pipe2(questions, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        throw Failure(kExitEnvironment, std::string("no pipe: ") + std::strerror(errno));
    process_ = fork();
    if (process_ < 0)
        throw Failure(kExitEnvironment, std::string("no process: ") + std::strerror(errno));
    if (process_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // not without its parent
        limit_memory(settings_.limits.bytes);
        serve(which_, problem_, settings_, questions[0], answers[1]);
    }
    close(questions[0]);
    close(answers[1]);
    to_ = questions[1], from_ = answers[0];
}

std::string Contestant::end_of_process() {
    close(to_);
    close(from_);
    int state = 0;
    waitpid(process_, &state, 0);
    process_ = -1;
    return WIFSIGNALED(state) ? "ended by signal " + std::to_string(WTERMSIG(state)) + " (" +
                                    strsignal(WTERMSIG(state)) + ")"
                              : "ended with exit code " + std::to_string(WEXITSTATUS(state));
}

// The time limit is for one answer.
Json Contestant::ask(const Json &question) {
    if (!failure_.empty())
        return {};
    const auto out = [this](const std::string &why) {
        failure_ = why;
        return Json();
    };
    if (!write_line(to_, question))
        return out(end_of_process());
    const BenchClock::time_point start = BenchClock::now();
    std::string line;
    for (;;) {
        const double left = settings_.limits.seconds - seconds_between(start, BenchClock::now());
        pollfd waiting = {from_, POLLIN, 0};
        if (poll(&waiting, 1, static_cast<int>(std::fmax(left, 0) * 1000)) == 0) {
            kill(process_, SIGKILL);
            end_of_process();
            return out("stopped after " + significant(settings_.limits.seconds, 3) +
                       " s without an answer");
        }
        char block[4096];
        const ssize_t count = read(from_, block, sizeof block);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return out(end_of_process());
        line.append(block, static_cast<size_t>(count));
        if (line.back() == '\n')
            break;
    }
    const Json answer = Json::parse(line, nullptr, false);
    if (!answer.is_object())
        return out("its answer is no JSON object");
    if (answer.contains("error"))
        return out(answer.at("error"));
    return answer;
}

void Contestant::prepare() {
    const Json answer = ask({{"wanted", "session"}});
    if (failure_.empty())
        session_ = answer.at("session");
}

void Contestant::check() {
    const Json answer = ask({{"wanted", "check"}});
    if (!failure_.empty())
        return;
    if (problem_) {
        result_hash_ = answer.at("hash");
        worst_error_ = answer.at("worst");
    } else {
        outputs_ = answer.at("outputs").get<std::vector<double>>();
    }
}

void Contestant::profile(int runs) {
    const Json answer = ask({{"wanted", "profile"}, {"runs", runs}});
    if (failure_.empty())
        layer_times_.push_back(answer.at("layers").get<std::vector<double>>());
}

void Contestant::take_turn(double seconds) {
    const Json answer = ask({{"wanted", "turn"}, {"seconds", seconds}});
    if (failure_.empty())
        times_.push_back(answer.at("seconds").get<std::vector<double>>());
}

} // namespace involute
