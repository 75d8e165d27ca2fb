#include "compare_cases.h"

#include <algorithm>
#include <filesystem>

#include "failure.h"
#include "files.h"
#include "print.h"
#include "tuned_layers.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

// Every schedule that there is for CPUs.
const std::vector<std::string> kCpuSchedules = {"hand", "naive", "mullapudi2016", "adams2019",
                                                "li2018"};

struct Shape {
    int64_t channels, size, kernel;
};

// The involutions of RedNet at 224x224: stem and four stages.
const std::vector<Shape> kRedNetShapes = {
    {32, 112, 3}, {64, 56, 7}, {128, 28, 7}, {256, 14, 7}, {512, 7, 7}};

const std::vector<std::string> &all_operators() {
    static const std::vector<std::string> all = {"involution",
                                                 "aggregation",
                                                 "kernel_generation",
                                                 "conv2d_1x1",
                                                 "conv2d_3x3",
                                                 "conv2d_grouped",
                                                 "conv2d_depthwise",
                                                 "local",
                                                 "local_attention",
                                                 "aggregation_grad_input",
                                                 "aggregation_grad_weight",
                                                 "involution_grad_input",
                                                 "softmax",
                                                 "max_pool",
                                                 "avg_pool",
                                                 "global_pool",
                                                 "dense"};
    return all;
}

// An operator of the list above at one of RedNet's shapes.
Json operator_at(const std::string &name, const Shape &shape) {
    const std::string kind = name.rfind("conv2d", 0) == 0 ? "conv2d" : name;
    Json all = {{"kind", kind}, {"channels", shape.channels}};
    if (kind == "conv2d" || kind == "local")
        all["kernel"] = name == "conv2d_1x1" ? 1 : 3;
    else if (operator_takes(kind, "group_channels"))
        all["kernel"] = shape.kernel;
    if (name == "conv2d_grouped")
        all["groups"] = shape.channels / 16;
    if (name == "conv2d_depthwise" || name == "local")
        all["groups"] = shape.channels; // with all channels a window's weights fill the memory
    if (name == "max_pool")
        all["kernel"] = 3, all["stride"] = 2;
    if (name == "avg_pool")
        all["stride"] = 2;
    if (name == "dense")
        all["out_channels"] = 1000;
    return all;
}

std::vector<std::string> schedules_of(const CompareOptions &options) {
    return options.raw.schedule.empty() ? kCpuSchedules : parse_schedules(options.raw.schedule);
}

std::vector<int> threads_of(const CompareOptions &options) {
    return options.raw.threads.empty() ? std::vector<int>{1} : parse_threads(options.raw.threads);
}

std::vector<Operation> at_rednet_shapes(const std::vector<std::string> &names) {
    std::vector<Operation> all;
    for (const std::string &name : names)
        for (const Shape &shape : kRedNetShapes) {
            const int64_t side = name == "dense" ? 1 : shape.size;
            all.push_back({name, operator_at(name, shape), {side, side}});
        }
    return all;
}

bool has_settings(const CompareOptions &options) {
    const RawOperator &op = options.op;
    return !options.raw.size.empty() || !op.channels.empty() || !op.kernel.empty() ||
           !op.stride.empty() || !op.dilation.empty() || !op.group_channels.empty() ||
           !op.reduction.empty() || !op.out_channels.empty() || !op.groups.empty() ||
           !op.upsample.empty() || !op.border.empty() || op.relu;
}

// Those that are asked for: by name at RedNet's shapes, or by settings.
std::vector<Operation> operations(const CompareOptions &options) {
    std::vector<Operation> all;
    if (has_settings(options)) {
        RawOperator op = options.op;
        if (op.op.empty())
            op.op = {"involution"};
        for (const Json &description : operator_descriptions(op))
            for (const Size &size : parse_sizes(options.raw.size)) {
                const std::string kind = description.at("kind");
                all.push_back({kind, description, operator_size(kind, size)});
            }
        return all;
    }
    std::vector<std::string> names = all_operators();
    if (!options.op.op.empty()) {
        names.clear();
        for (const std::string &name : split_list("--op", options.op.op)) {
            const size_t before = names.size();
            for (const std::string &known : all_operators())
                if (known == name || (name == "conv2d" && known.rfind("conv2d_", 0) == 0))
                    names.push_back(known);
            if (names.size() == before)
                throw Failure(kExitUsage, "--op: expected one of " + joined(all_operators()) +
                                              ", found \"" + name + "\"");
        }
    }
    return at_rednet_shapes(names);
}

// `base` on every number of threads, batch and instruction set that is asked for.
std::vector<BenchCase> on_all_machines(const CompareOptions &options, const BenchCase &base) {
    std::vector<BenchCase> all;
    for (int64_t batch : parse_batches(options.raw.batch))
        for (int threads : threads_of(options))
            for (involute_isa isa : parse_isas(options.raw.isa)) {
                BenchCase which = base;
                which.batch = batch, which.threads = threads, which.isa = isa;
                all.push_back(which);
            }
    return all;
}

std::string batch_text(int64_t batch) {
    return batch == 1 ? "" : " b" + std::to_string(batch);
}

} // namespace

std::vector<Operation> rednet_operations() {
    return at_rednet_shapes(all_operators());
}

std::string shape_text(const Json &description, Size size) {
    std::string text =
        std::to_string(description.value("channels", int64_t{0})) + "@" + size_text(size);
    const Json kernel = description.value("kernel", Json());
    if (!kernel.is_null())
        text +=
            " k" + (kernel.is_array() ? kernel[0].dump() + "x" + kernel[1].dump() : kernel.dump());
    if (description.value("stride", int64_t{1}) != 1)
        text += " s" + std::to_string(description.value("stride", int64_t{1}));
    if (description.contains("group_channels"))
        text += " g" + description.at("group_channels").dump();
    if (description.contains("reduction"))
        text += " r" + description.at("reduction").dump();
    return text;
}

std::vector<Contest> schedule_contests(const CompareOptions &options) {
    std::vector<std::pair<std::string, BenchCase>> bases; // group, case
    if (!options.raw.model.empty()) {
        for (const std::string &model : split_list("--model", options.raw.model))
            for (const Size &size : parse_sizes(options.raw.size)) {
                open_model(model, options.raw.weights); // names and files are looked at first
                BenchCase base;
                base.model = model, base.weights = options.raw.weights, base.size = size;
                bases.emplace_back(model, base);
            }
    } else {
        for (const Operation &operation : operations(options)) {
            BenchCase base;
            base.description = operation.description, base.size = operation.size;
            bases.emplace_back(
                operation.name + " " + shape_text(operation.description, operation.size), base);
        }
    }
    const std::vector<std::string> schedules = schedules_of(options);
    const auto wisdom = wisdom_for(schedules, options.raw.wisdom);
    std::vector<Contest> contests;
    for (const auto &[group, base] : bases)
        for (const BenchCase &machine : on_all_machines(options, base)) {
            Contest contest;
            contest.name = group + batch_text(machine.batch);
            for (const std::string &schedule : schedules) {
                BenchCase which = machine;
                which.schedule = schedule;
                if (schedule == kTuned)
                    which.wisdom = wisdom, which.wisdom_file = options.raw.wisdom;
                contest.competitors.push_back({which, schedule, contest.name});
            }
            contests.push_back(contest);
        }
    return contests;
}

std::vector<Contest> operator_contests(const CompareOptions &options) {
    const auto numbers = [](const char *name, const std::vector<std::string> &values,
                            std::vector<int64_t> usual) {
        return values.empty() ? usual : parse_integers(name, values, 1, 1 << 20);
    };
    const std::vector<Size> sizes =
        options.raw.size.empty() ? std::vector<Size>{{28, 28}} : parse_sizes(options.raw.size);
    std::vector<Contest> contests;
    for (int64_t channels : numbers("--channels", options.op.channels, {64}))
        for (const Size &size : sizes)
            for (int64_t kernel : numbers("--kernel", options.op.kernel, {3, 7})) {
                const Json base = {{"channels", channels}, {"kernel", kernel}};
                const auto with = [&](const char *kind, const char *key, int64_t value) {
                    Json all = base;
                    all["kind"] = kind;
                    if (key)
                        all[key] = value;
                    return all;
                };
                const std::vector<std::pair<std::string, Json>> all = {
                    {"fully connected (local)", with("local", nullptr, 0)},
                    {"convolution", with("conv2d", nullptr, 0)},
                    {"group convolution",
                     with("conv2d", "groups", std::max<int64_t>(1, channels / 16))},
                    {"depthwise convolution", with("conv2d", "groups", channels)},
                    {"involution", with("involution", nullptr, 0)},
                    {"local self-attention", with("local_attention", nullptr, 0)}};
                for (const BenchCase &machine : on_all_machines(options, BenchCase())) {
                    Contest contest;
                    contest.name =
                        "operators " + shape_text(base, size) + batch_text(machine.batch);
                    for (const auto &[label, description] : all) {
                        BenchCase which = machine;
                        which.description = description, which.size = size;
                        contest.competitors.push_back({which, label, contest.name});
                    }
                    contests.push_back(contest);
                }
            }
    return contests;
}

std::vector<Contest> ablation_contests(const CompareOptions &options) {
    struct Variant {
        const char *name, *key;
        int64_t value;
    };
    // The paper's ablations and those that belong to them; the first is RedNet-50 itself.
    static const Variant kVariants[] = {{"RedNet-50 (K 7, groups of 16, reduction 4)", nullptr, 0},
                                        {"K 3", "kernel", 3},
                                        {"K 5", "kernel", 5},
                                        {"K 9", "kernel", 9},
                                        {"groups of 1 channel", "group_channels", 1},
                                        {"groups of 4 channels", "group_channels", 4},
                                        {"groups of 8 channels", "group_channels", 8},
                                        {"groups of 32 channels", "group_channels", 32},
                                        {"one group of all channels", "group_channels", 0},
                                        {"reduction 1", "reduction", 1},
                                        {"reduction 2", "reduction", 2},
                                        {"reduction 8", "reduction", 8},
                                        {"reduction 16", "reduction", 16},
                                        {"single-layer generation", "reduction", 0}};
    const fs::path folder = fs::path(options.folder) / "architectures";
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    std::vector<std::pair<std::string, std::string>> models; // label, file
    for (const Variant &variant : kVariants) {
        Json architecture = {{"kind", "rednet"}, {"depth", 50}};
        std::string name = "rednet50";
        if (variant.key) {
            architecture[variant.key] = variant.value;
            name += std::string("-") + variant.key + "-" + std::to_string(variant.value);
        }
        const fs::path path = folder / (name + ".json");
        replace_file(path.string(), architecture.dump() + "\n", kExitUsage);
        models.emplace_back(variant.name, path.string());
    }
    std::vector<Contest> contests;
    for (const Size &size : parse_sizes(options.raw.size))
        for (const BenchCase &machine : on_all_machines(options, BenchCase())) {
            Contest contest;
            contest.name = "ablation of RedNet-50" + batch_text(machine.batch);
            for (const auto &[label, path] : models) {
                BenchCase which = machine;
                which.model = path, which.size = size, which.schedule = kSpecialised;
                contest.competitors.push_back({which, label, contest.name});
            }
            contests.push_back(contest);
        }
    return contests;
}

std::vector<Contest> network_contests(const CompareOptions &options) {
    CompareOptions all = options;
    if (all.raw.batch.empty())
        all.raw.batch = {"1", "8"};
    std::vector<Contest> contests;
    for (const Size &size : parse_sizes(all.raw.size))
        for (const BenchCase &machine : on_all_machines(all, BenchCase()))
            for (const char *depth : {"26", "38", "50", "101", "152"}) {
                Contest contest; // the two of a depth take turns: five in memory would be too much
                contest.name = "networks" + batch_text(machine.batch);
                for (const char *kind : {"rednet", "resnet"}) {
                    BenchCase which = machine;
                    which.model = std::string(kind) + depth, which.size = size;
                    contest.competitors.push_back({which, which.model, contest.name});
                }
                contests.push_back(contest);
            }
    return contests;
}

std::vector<Contest> layer_contests(const CompareOptions &options) {
    std::vector<Contest> contests;
    CompareOptions all = options;
    all.raw.batch = {"1"};
    for (const BenchCase &machine : on_all_machines(all, BenchCase()))
        for (int64_t channels : {32, 64, 128, 256, 512})
            for (int64_t size : {7, 14, 28, 56, 112}) {
                if (channels * size > 128 * 56) // larger than networks have them
                    continue;
                Contest contest;
                contest.name = "layers " + std::to_string(channels) + "@" + size_text({size, size});
                const auto add = [&](Json description) {
                    description["channels"] = channels;
                    BenchCase which = machine;
                    which.description = description, which.size = {size, size};
                    which.schedule = description.at("kind") == "involution" ? kSpecialised : kHand;
                    const std::string name = description.at("kind");
                    const std::string what = description.contains("groups") ? "depthwise " : "";
                    contest.competitors.push_back(
                        {which, what + name + " " + shape_text(description, which.size),
                         contest.name});
                };
                for (int64_t kernel : {3, 5, 7, 9})
                    for (int64_t group : {4, 8, 16, 32})
                        add({{"kind", "involution"},
                             {"kernel", kernel},
                             {"group_channels", group}});
                add({{"kind", "conv2d"}, {"kernel", 1}});
                add({{"kind", "conv2d"}, {"kernel", 3}});
                add({{"kind", "conv2d"}, {"kernel", 3}, {"groups", channels}});
                contests.push_back(contest);
            }
    return contests;
}

} // namespace involute
