#include "tune_options.h"

#include <algorithm>
#include <cstdlib>

#include "failure.h"
#include "print.h"
#include "tune_adams.h"

namespace involute {

namespace {

// "tile=4..8" or "unroll_k=2|4".
std::pair<std::string, std::vector<int>> parse_knob(const std::string &text) {
    const std::string wanted = "name=VALUE, name=LOW..HIGH or name=A|B|C";
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        refuse("--knob", wanted, text);
    const std::string values = text.substr(equals + 1);
    const auto number = [&](const std::string &digits) {
        return static_cast<int>(parse_integer("--knob " + text, digits, 0, 1 << 20));
    };
    std::vector<int> all;
    if (const size_t dots = values.find(".."); dots != std::string::npos) {
        const int low = number(values.substr(0, dots)), high = number(values.substr(dots + 2));
        if (low > high || high - low > 4096)
            refuse("--knob", wanted, text);
        for (int value = low; value <= high; ++value)
            all.push_back(value);
    } else {
        size_t start = 0;
        for (size_t bar = 0; bar != std::string::npos; start = bar + 1) {
            bar = values.find('|', start);
            all.push_back(number(values.substr(start, bar - start)));
        }
    }
    return {text.substr(0, equals), all};
}

autotune::Shard parse_shard(const std::string &text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos)
        refuse("--shard", "I/N with I from 1 to N", text);
    const int64_t count = parse_integer("--shard", text.substr(slash + 1), 1, 1 << 20);
    const int64_t index = parse_integer("--shard", text.substr(0, slash), 1, count);
    return {static_cast<size_t>(index - 1), static_cast<size_t>(count)};
}

} // namespace

double parse_duration(const std::string &argument, const std::string &text) {
    char *end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    const double seconds = unit == "h" ? 3600 : unit == "m" ? 60 : 1;
    const bool known = unit.empty() || unit == "s" || unit == "m" || unit == "h";
    if (text.empty() || end == text.c_str() || !known || !(number > 0) || number * seconds > 1e6)
        refuse(argument, "a time like 90s, 10m or 2h", text);
    return number * seconds;
}

SearchSettings search_settings(const TuneOptions &options) {
    SearchSettings settings;
    std::vector<std::string> names;
    for (const Effort &effort : efforts()) {
        names.push_back(effort.name);
        if (effort.name == options.effort)
            settings.effort = effort;
    }
    if (settings.effort.name.empty())
        refuse("--effort", "one of " + joined(names), options.effort);
    if (!options.trials.empty())
        settings.effort.trials =
            static_cast<int>(parse_integer("--trials", options.trials, 1, 1 << 20));
    settings.strategy = options.strategy.empty() ? settings.effort.strategy : options.strategy;
    std::vector<std::string> known = autotune::strategy_names();
    known.push_back(kAdamsLoop);
    if (std::count(known.begin(), known.end(), settings.strategy) == 0)
        refuse("--strategy", "one of " + joined(known), settings.strategy);
    if (!options.seed.empty())
        settings.seed = static_cast<uint64_t>(parse_integer("--seed", options.seed, 0, INT64_MAX));
    if (!options.shard.empty())
        settings.shard = parse_shard(options.shard);
    for (const std::string &knob : split_list("--knob", options.knobs))
        settings.space.fixed.insert(parse_knob(knob));
    settings.space.allow_reassociation = options.allow_reassociation;
    settings.trial.allow_reassociation = options.allow_reassociation;
    settings.resume = options.resume;
    settings.trial.cost = options.cost;
    if (options.cost != kTime && options.cost != kInstructions)
        refuse("--cost", "time or instructions", options.cost);
    if (options.cost == kInstructions && !options.raw.model.empty())
        throw Failure(kExitUsage, "--cost instructions: expected --op beside it; what a network "
                                  "takes is known by its time only");
    if (!options.rounds.empty())
        settings.trial.rounds =
            static_cast<int>(parse_integer("--rounds", options.rounds, 4, 1000));
    const auto limit = [](const char *name, const std::string &time, const std::string &memory,
                          Limits *limits) {
        constexpr int64_t kMegabyte = 1 << 20;
        if (!time.empty())
            limits->seconds = parse_duration(std::string(name) + "-time", time);
        if (!memory.empty())
            limits->bytes = kMegabyte * parse_integer(std::string(name) + "-memory", memory, 1,
                                                      int64_t{1} << 24);
    };
    limit("--build", options.build_time, options.build_memory, &settings.trial.build);
    limit("--run", options.run_time, options.run_memory, &settings.trial.run);
    return settings;
}

std::vector<BenchCase> tune_cases(const TuneOptions &options) {
    if (options.raw.model.empty() == options.op.op.empty())
        throw Failure(kExitUsage, "tune: expected --model or --op, found " +
                                      std::string(options.raw.model.empty() ? "neither" : "both"));
    BenchOptions bench;
    bench.raw = options.raw, bench.op = options.op;
    bench.raw.schedule.clear(), bench.raw.wisdom.clear();
    if (bench.raw.threads.empty())
        bench.raw.threads = {"1"};
    return bench_cases(bench);
}

} // namespace involute
