// From option texts to cases and, for the field `command`, back.
#include "bench_options.h"

#include "failure.h"
#include "print.h"
#include "tuned_layers.h"

namespace involute {

namespace {

constexpr int64_t kMaxIterations = 1000000;

// Models or operators, whichever was asked for, with everything else still to be filled in.
std::vector<BenchCase> targets(const BenchOptions &options) {
    const RawOperator &op = options.op;
    const std::vector<std::string> models = split_list("--model", options.raw.model);
    std::vector<BenchCase> all;
    if (op.op.empty()) {
        for (const auto *list :
             {&op.channels, &op.kernel, &op.stride, &op.dilation, &op.group_channels, &op.reduction,
              &op.out_channels, &op.groups, &op.upsample, &op.border})
            if (!list->empty() || op.relu)
                throw Failure(kExitUsage, "--op: expected beside --channels, --kernel, --stride, "
                                          "--dilation, --upsample, --border, --group-channels, "
                                          "--reduction, --out-channels, --groups and --relu, "
                                          "found none");
        for (const std::string &model : models) {
            all.emplace_back();
            all.back().model = model;
        }
        if (models.empty() && options.raw.weights.compare(0, 9, "synthetic") == 0)
            throw Failure(kExitUsage, "--model or --op: expected beside synthetic weights");
        if (models.empty() && options.raw.weights.empty())
            throw Failure(kExitUsage, "--model or --op: expected at least one of " +
                                          joined(model_names()) + ", found neither");
        if (models.empty())
            all.emplace_back(); // the weights' metadata tell the model
        return all;
    }
    if (!models.empty())
        throw Failure(kExitUsage,
                      "--op: expected without --model, found --model " + joined(models));
    for (const Json &description : operator_descriptions(op)) {
        all.emplace_back();
        all.back().description = description;
    }
    return all;
}

} // namespace

std::vector<BenchCase> bench_cases(const BenchOptions &options) {
    check_precision(options.raw);
    const std::vector<std::string> schedules = parse_schedules(options.raw.schedule);
    const std::vector<involute_isa> isas = parse_isas(options.raw.isa);
    const bool simulates = !options.simulated_threads.empty();
    if (simulates && !options.raw.threads.empty())
        throw Failure(kExitUsage,
                      "--simulate-threads: expected without --threads, found --threads " +
                          joined(options.raw.threads, ","));
    if (simulates && options.profile)
        throw Failure(kExitUsage, "--simulate-threads: expected without --profile, found both");
    const std::vector<int> threads =
        simulates ? parse_threads(options.simulated_threads, "--simulate-threads")
                  : parse_threads(options.raw.threads);
    const std::vector<int64_t> batches = parse_batches(options.raw.batch);
    const std::vector<Size> sizes = parse_sizes(options.raw.size);
    BenchCase shared;
    shared.wisdom_file = options.raw.wisdom;
    shared.wisdom = wisdom_for(schedules, options.raw.wisdom);
    shared.weights = options.raw.weights;
    shared.profile = options.profile;
    if (!options.min_time.empty())
        shared.min_seconds = parse_seconds("--min-time", options.min_time);
    if (!options.iterations.empty()) {
        shared.min_iterations =
            parse_integer("--iterations", options.iterations, 1, kMaxIterations);
        if (options.min_time.empty())
            shared.min_seconds = 0; // a number that was asked for is the number that is run
    }
    const size_t precisions = std::max<size_t>(1, split_list("--dtype", options.raw.dtype).size());

    std::vector<BenchCase> all;
    for (const BenchCase &target : targets(options))
        for (Size size : sizes)
            for (int64_t batch : batches)
                for (int thread_count : threads)
                    for (involute_isa isa : isas)
                        for (size_t i = 0; i < precisions * schedules.size(); ++i) {
                            BenchCase one = shared;
                            one.schedule = schedules[i % schedules.size()];
                            one.model = target.model;
                            one.description = target.description;
                            one.size = size;
                            one.batch = batch;
                            one.threads = simulates ? 1 : thread_count;
                            one.simulated_threads = simulates ? thread_count : 0;
                            one.isa = isa;
                            all.push_back(one);
                        }
    return all;
}

Tuning tuning_of(const BenchCase &which) {
    return {which.wisdom, which.search, which.size, which.batch, which.threads};
}

std::vector<std::string> bench_arguments(const BenchCase &which, Size size) {
    std::vector<std::string> words = {"bench"};
    const auto add = [&](const std::string &option, const std::string &value) {
        words.push_back(option);
        words.push_back(value);
    };
    if (!which.model.empty())
        add("--model", which.model);
    if (which.description.is_object()) {
        add("--op", which.description.at("kind").get<std::string>());
        for (const auto &[key, value] : which.description.items()) {
            std::string option = "--" + key;
            for (char &c : option)
                c = c == '_' ? '-' : c;
            if (value.is_number())
                add(option, std::to_string(value.get<int64_t>()));
            else if (value.is_array()) // of a window: height and width
                add(option, value[0].dump() + "x" + value[1].dump());
            else if (value.is_string() && key != "kind")
                add(option, value.get<std::string>());
            else if (value.is_boolean())
                words.push_back(option);
        }
    }
    if (!which.weights.empty())
        add("--weights", which.weights);
    add("--size", size_text(size));
    add("--batch", std::to_string(which.batch));
    if (which.simulated_threads > 0)
        add("--simulate-threads", std::to_string(which.simulated_threads));
    else
        add("--threads", std::to_string(which.threads));
    add("--isa", involute_isa_name(which.isa));
    add("--dtype", "f32");
    add("--schedule", which.schedule);
    if (which.schedule == kTuned && !which.wisdom_file.empty())
        add("--wisdom", which.wisdom_file);
    if (which.min_seconds != 1)
        add("--min-time", significant(which.min_seconds, 6));
    if (which.min_iterations != 10)
        add("--iterations", std::to_string(which.min_iterations));
    if (which.profile)
        words.push_back("--profile");
    words.push_back("--json");
    return words;
}

std::string bench_command(const BenchCase &which, Size size) {
    std::string text = "involute";
    for (const std::string &word : bench_arguments(which, size))
        text += " " + shell_quoted(word);
    return text;
}

} // namespace involute
