#include "compile_library.h"

#include <algorithm>
#include <map>
#include <set>

#include "failure.h"
#include "print.h"
#include "special_rows.h"
#include "tuned_layers.h"
#include "tuned_libraries.h"

namespace involute {

namespace {

bool is_identifier(const std::string &name) {
    const std::string first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of(first + "0123456789") == std::string::npos &&
           first.find(name[0]) != std::string::npos;
}

std::string checked_name(const std::string &given, std::string usual) {
    for (char &c : usual)
        c = is_identifier(std::string("a") + c) ? c : '_';
    const std::string name = given.empty() ? usual : given;
    if (!is_identifier(name) || name.compare(0, 8, "involute") == 0)
        throw Failure(kExitUsage, "--name: expected a C identifier of at most 64 characters that "
                                  "does not begin with involute, found \"" +
                                      name + "\"");
    return name;
}

// The kernels of this library by row and instruction set, in its order; behind them those of the
// other processor's that stand for them.
std::vector<LibraryKernel> read_inventory() {
    std::vector<LibraryKernel> all;
    for (const Json &entry : Json::parse(involute_kernels_json())) {
        if (entry.at("schedule") != kHand)
            continue;
        LibraryKernel kernel;
        kernel.row = entry.at("row"), kernel.op = entry.at("op"), kernel.form = entry.at("form");
        kernel.kernel = entry.at("kernel"), kernel.stride = entry.at("stride");
        kernel.group_channels = entry.at("group_channels"), kernel.channels = entry.at("channels");
        kernel.packing = entry.at("packing");
        kernel.isa = isa_named(entry.at("isa"));
        all.push_back(kernel);
    }
    const size_t own = all.size();
    for (size_t i = 0; i < own; ++i) {
        if (stand_in(INVOLUTE_ISA_NEON) != all[i].isa)
            continue;
        all.push_back(all[i]);
        all.back().isa = INVOLUTE_ISA_NEON;
    }
    return all;
}

const std::vector<LibraryKernel> &inventory() {
    static const std::vector<LibraryKernel> all = read_inventory();
    return all;
}

using RowName = std::pair<std::string, std::string>; // row, isa

std::set<RowName> rows_taken(const Model &model, involute_isa isa) {
    const ModelHandle created = model_for(model, isa);
    std::set<RowName> rows;
    const Json json = Json::parse(involute_model_json(created.get()));
    for (const Json &row : json.at("rows"))
        rows.emplace(row.at("row"), row.at("isa"));
    return rows;
}

involute_isa next_lower(involute_isa isa) {
    return isa == INVOLUTE_ISA_AVX512 ? INVOLUTE_ISA_AVX2 : INVOLUTE_ISA_BASELINE;
}

bool runs_here(involute_isa isa) {
    return involute_isa_check(isa).code == INVOLUTE_OK;
}

// Every row of `ops`, for `isa` or, where that has none, the next lower instruction set.
std::vector<LibraryKernel> rows_of_ops(const std::set<std::string> &ops, involute_isa isa) {
    std::vector<LibraryKernel> chosen;
    std::set<std::string> rows;
    for (const LibraryKernel &kernel : inventory()) {
        if (kernel.isa == isa && ops.count(kernel.op) != 0) {
            rows.insert(kernel.row);
            chosen.push_back(kernel);
        }
    }
    if (isa == INVOLUTE_ISA_AVX2 || isa == INVOLUTE_ISA_AVX512)
        for (const LibraryKernel &kernel : rows_of_ops(ops, next_lower(isa)))
            if (rows.count(kernel.row) == 0)
                chosen.push_back(kernel);
    return chosen;
}

// What a model takes on a CPU with `isa`: the rows that the library is asked for, and every row of
// `ops`, where which one is taken is known at run time only. Where this CPU lacks `isa` that is so
// of all ops.
std::vector<LibraryKernel> kernels_for(const Model &model, involute_isa isa,
                                       std::set<std::string> ops) {
    involute_isa here = stand_in(isa);
    const bool known = runs_here(here);
    while (!runs_here(here))
        here = next_lower(here);
    const std::set<RowName> rows = rows_taken(model, here);
    std::vector<LibraryKernel> chosen;
    for (const LibraryKernel &kernel : inventory()) {
        if ((kernel.isa == INVOLUTE_ISA_NEON) != (isa == INVOLUTE_ISA_NEON) ||
            rows.count({kernel.row, involute_isa_name(stand_in(kernel.isa))}) == 0)
            continue;
        if (known)
            chosen.push_back(kernel);
        else
            ops.insert(kernel.op);
    }
    const std::vector<LibraryKernel> any = rows_of_ops(ops, isa);
    chosen.insert(chosen.end(), any.begin(), any.end());
    return chosen;
}

std::vector<LibraryKernel> kernels_for_all(const Model &model,
                                           const std::vector<CompileTarget> &targets,
                                           const std::set<std::string> &ops = {}) {
    std::map<std::string, LibraryKernel> found; // by symbol
    for (const CompileTarget &target : targets)
        for (const LibraryKernel &kernel : kernels_for(model, target.isa, ops))
            found.emplace(kernel.symbol(), kernel);
    std::vector<LibraryKernel> ordered; // as the inventory: the first that fits is taken
    for (const LibraryKernel &kernel : inventory())
        if (found.count(kernel.symbol()) != 0)
            ordered.push_back(kernel);
    return ordered;
}

bool is_involution_family(const std::string &op) {
    return op == "involution" || op == "aggregation" || op == "kernel_generation";
}

// The side of a square window, 0 for others.
int square_kernel(const Json &description, int fallback) {
    const auto kernel = description.find("kernel");
    return kernel == description.end() ? fallback : kernel->is_number() ? kernel->get<int>() : 0;
}

bool is_specialised(const Json &description) {
    return is_involution_family(description.at("kind")) &&
           has_group_schedules(setting(description, "group_channels", 16),
                               square_kernel(description, 7),
                               setting(description, "dilation", 1)) &&
           setting(description, "upsample", 1) == 1 &&
           description.value("border", "zero") == "zero";
}

std::string constants_of(const Library &library) {
    std::vector<std::string> constants;
    if (library.batch != 0)
        constants.push_back("images=" + std::to_string(library.batch));
    if (library.size.height != 0)
        constants.push_back("map_height=" + std::to_string(library.size.height) +
                            ",map_width=" + std::to_string(library.size.width));
    return joined(constants, ",");
}

// "_k5_s2_g8_c64_56x56_b1"
std::string suffix(const Library &library, const LibraryKernel &kernel) {
    std::string text;
    const auto add = [&text](const char *letter, int64_t value) {
        if (value != 0)
            text += letter + std::to_string(value);
    };
    add("_k", kernel.kernel);
    add("_s", kernel.stride);
    add("_g", kernel.group_channels);
    add("_c", kernel.channels);
    if (library.size.height != 0)
        text += "_" + size_text(library.size);
    add("_b", library.batch);
    return text;
}

// A row for exactly these parameters.
std::vector<LibraryKernel> specialised_kernels(const Library &library) {
    const Json &description = library.description;
    LibraryKernel kernel;
    kernel.op = description.at("kind");
    kernel.form = kernel.op == "aggregation"                 ? "window"
                  : setting(description, "reduction", 4) > 0 ? "bottleneck"
                                                             : "single";
    kernel.kernel = square_kernel(description, 7);
    kernel.stride = static_cast<int>(setting(description, "stride", 1));
    kernel.group_channels = static_cast<int>(setting(description, "group_channels", 16));
    kernel.channels = static_cast<int>(library.channels);
    kernel.in_inventory = false;
    kernel.constants = constants_of(library);
    kernel.row = kernel.op + (kernel.form == "single" ? "_single" : "") + suffix(library, kernel);
    std::vector<LibraryKernel> kernels;
    for (const CompileTarget &target : library.targets) {
        kernel.isa = target.isa;
        kernel.packing = special_packing(kernel.op, kernel.form, kernel.kernel, target.isa);
        kernels.push_back(kernel);
    }
    return kernels;
}

// The rows that the library takes, with what is known of them as constants.
std::vector<LibraryKernel> narrowed_kernels(const Library &library) {
    const Json &description = library.description;
    std::set<std::string> any_row;
    const std::string kind = description.at("kind");
    if (library.channels == 0 && kind == "involution_grad_input")
        any_row = {"conv2d", "avg_pool"}; // which one is a question of the channels
    if (library.channels == 0 && kind == "local_attention")
        any_row = {"conv2d"};
    std::vector<LibraryKernel> kernels = kernels_for_all(library.model, library.targets, any_row);
    const bool convolution = kind == "conv2d";
    if (!convolution && !is_involution_family(kind))
        return kernels;
    for (const CompileTarget &target : library.targets)
        if (!runs_here(stand_in(target.isa)))
            return kernels; // which row is taken is not known here
    const std::string constants = constants_of(library);
    for (LibraryKernel &kernel : kernels) {
        const int window = square_kernel(description, convolution ? 3 : 7);
        kernel.kernel =
            kernel.kernel == 0 && kernel.op != "kernel_generation" ? window : kernel.kernel;
        kernel.stride = static_cast<int>(setting(description, "stride", 1));
        kernel.channels = static_cast<int>(library.channels);
        kernel.constants = constants;
        kernel.in_inventory = false;
        kernel.row += suffix(library, kernel);
    }
    return kernels;
}

std::vector<LibraryWeight> weights_of(const Json &description) {
    const std::string kind = description.at("kind");
    const std::string group = std::to_string(setting(description, "group_channels", 16));
    const int64_t reduction = setting(description, "reduction", 4);
    const auto kernel = description.find("kernel");
    std::string taps[2];
    for (int i = 0; i < 2; ++i)
        taps[i] = kernel == description.end() ? kind == "conv2d" || kind == "local" ? "3" : "7"
                  : kernel->is_array()
                      ? std::to_string((*kernel)[static_cast<size_t>(i)].get<int>())
                      : std::to_string(kernel->get<int>());
    if (kind == "conv2d" || kind == "dense" || kind == "local") {
        const std::string outputs = description.contains("out_channels")
                                        ? std::to_string(setting(description, "out_channels", 0))
                                        : "c";
        LibraryWeight weight = {"weight", "weight", {outputs, "c"}},
                      bias = {"bias", "bias", {outputs}, true};
        if (kind != "dense")
            weight.shape = {outputs, "c / " + std::to_string(setting(description, "groups", 1)),
                            taps[0], taps[1]};
        for (const char *side : {"height", "width"}) {
            if (kind != "local")
                continue;
            const int64_t step = setting(description, "stride", 1);
            const std::string count =
                std::to_string((setting(description, side, 1) + step - 1) / step);
            weight.shape.push_back(count), bias.shape.push_back(count);
        }
        return {weight, bias};
    }
    if (kind == "local_attention") {
        std::vector<LibraryWeight> weights;
        for (const std::string part : {"query", "key", "value"}) {
            weights.push_back({part + "_weight", part + ".weight", {"c", "c", "1", "1"}});
            weights.push_back({part + "_bias", part + ".bias", {"c"}, true});
        }
        return weights;
    }
    if (kind.rfind("involution", 0) != 0 && kind != "kernel_generation")
        return {};
    const std::string columns = taps[0] + " * " + taps[1] + " * (c / " + group + ")";
    const std::string hidden = "c / " + std::to_string(reduction);
    std::vector<LibraryWeight> weights;
    if (reduction > 0) {
        weights = {{"reduce_weight", "conv1.conv.weight", {hidden, "c", "1", "1"}},
                   {"reduce_norm_weight", "conv1.bn.weight", {hidden}},
                   {"reduce_norm_bias", "conv1.bn.bias", {hidden}},
                   {"reduce_norm_mean", "conv1.bn.running_mean", {hidden}},
                   {"reduce_norm_var", "conv1.bn.running_var", {hidden}}};
    }
    weights.push_back(
        {"weight", "conv2.conv.weight", {columns, reduction > 0 ? hidden : "c", "1", "1"}});
    weights.push_back({"bias", "conv2.conv.bias", {columns}});
    return weights;
}

void describe_operator(const CompileOptions &options, Library *library) {
    const std::vector<Json> descriptions = operator_descriptions(options.op);
    if (descriptions.size() != 1)
        throw Failure(kExitUsage,
                      "--op: expected one operator with one value of each option, found " +
                          std::to_string(descriptions.size()));
    library->description = descriptions[0];
    const std::string kind = library->description.at("kind");
    if (kind == "dense") {
        library->size = {1, 1};
    } else if (kind == "local") {
        if (library->size.height == 0)
            throw Failure(kExitUsage,
                          "--size: expected for --op local, whose weights depend on it");
        library->description["height"] = library->size.height;
        library->description["width"] = library->size.width;
    }
    if (options.op.channels.empty()) {
        // Others see the channels of one group after the other, however many there are.
        if (!operator_takes(kind, "group_channels"))
            throw Failure(kExitUsage, "--channels: expected for --op " + kind +
                                          ", whose kernels depend on them");
        // An example; whoever calls the library says how many.
        library->description["channels"] =
            setting(library->description, "group_channels", 16) *
            std::max<int64_t>(1, setting(library->description, "reduction", 4)) * 4;
    } else {
        library->channels = library->description.at("channels");
    }
    if (options.embed || !options.weights.empty())
        throw Failure(kExitUsage, "--embed, --weights: belong to --model");
    library->model = open_operator(library->description, "", library->size);
    library->model.json = library->description;
    rows_taken(library->model, INVOLUTE_ISA_AUTO); // what is wrong with it is told first
    library->kernels = is_specialised(library->description) ? specialised_kernels(*library)
                                                            : narrowed_kernels(*library);
    library->weights = weights_of(library->description);
    std::vector<std::string> words = {kind};
    for (const auto &[key, value] : library->description.items())
        if (key != "kind" && (key != "channels" || library->channels != 0))
            words.push_back(key + " " +
                            (value.is_string() ? value.get<std::string>() : value.dump()));
    library->label = joined(words);
    library->name = checked_name(options.name, kind);
}

void describe_network(const CompileOptions &options, Library *library) {
    library->is_network = true;
    if (options.embed && options.weights.empty() &&
        only_value("--model", options.model) != "rednet-digits")
        throw Failure(kExitUsage, "--embed: expected --weights");
    if (options.weights.rfind("synthetic", 0) == 0)
        library->synthetic = options.weights;
    library->embed = options.embed && library->synthetic.empty();
    library->model = open_model(only_value("--model", options.model), options.weights);
    library->label = library->model.label;
    library->name = checked_name(options.name, library->model.label);
    library->kernels = kernels_for_all(library->model, library->targets);
    Json &network = library->model.json;
    const ModelHandle created = model_for(library->model, INVOLUTE_ISA_AUTO);
    network = Json::parse(involute_model_json(created.get()));
    library->classes = network.value("classes", 1000);
    if (library->size.height == 0)
        library->size = default_size(library->model);
    if (library->batch == 0)
        library->batch = 1;
}

} // namespace

std::string LibraryKernel::symbol() const {
    return "inv_" + (built_as.empty() ? row : built_as) + "_f32__" + involute_isa_name(isa) + "_" +
           (schedule.empty() ? kHand : schedule);
}

std::string LibraryKernel::columns() const {
    std::string text = (built_as.empty() ? row : built_as) + ", " + op + ", " + form;
    for (int number : {kernel, stride, group_channels, channels})
        text += ", " + std::to_string(number);
    bool device = true;
    for (involute_isa other : kInstructionSets) {
        text += ", " + std::to_string(other == isa ? packing : 0);
        device = device && other != isa;
    }
    return text + ", " + std::to_string(device ? packing : 0);
}

ModelHandle model_for(const Model &model, involute_isa isa) {
    involute_model_options options = {};
    options.architecture = model.architecture.c_str();
    options.weights = model.weights.get();
    options.isa = isa;
    ModelHandle created;
    require(try_create_model(options, kHand, {}, &created), model.label);
    return created;
}

int64_t setting(const Json &description, const std::string &key, int64_t fallback) {
    const auto found = description.find(key);
    return found != description.end() && found->is_number() ? found->get<int64_t>() : fallback;
}

Library describe_library(const CompileOptions &options) {
    if (options.op.op.empty() == options.model.empty())
        throw Failure(kExitUsage, "expected --op with its settings, or --model");
    Library library;
    library.targets = parse_targets(options.target);
    RawOptions precision;
    precision.dtype = options.dtype;
    check_precision(precision);
    const std::vector<std::string> schedules = parse_schedules(options.schedule);
    if (schedules.size() != 1)
        throw Failure(kExitUsage, "--schedule: expected one value, found " + joined(schedules));
    library.schedule = schedules[0];
    for (const CompileTarget &target : library.targets)
        if (is_device(target.isa) && library.schedule != kHand)
            throw Failure(kExitUsage, "--schedule: expected hand for --target " + target.name +
                                          ", found " + library.schedule);
    static const std::vector<std::string> outputs = {"stmt", "assembly", "llvm", "html"};
    for (const std::string &item : split_list("--emit", options.emit)) {
        if (std::find(outputs.begin(), outputs.end(), item) == outputs.end())
            throw Failure(kExitUsage, "--emit: expected one of " + joined(outputs) + ", found \"" +
                                          item + "\"");
        library.emit.push_back(item);
    }
    const std::vector<Size> sizes = parse_sizes(options.size);
    const std::vector<int64_t> batches = parse_batches(options.batch);
    if (sizes.size() != 1 || batches.size() != 1)
        throw Failure(kExitUsage, "--size, --batch: expected one value each");
    library.size = sizes[0];
    library.batch = options.batch.empty() ? 0 : batches[0];
    if (options.op.op.empty())
        describe_network(options, &library);
    else
        describe_operator(options, &library);
    if (library.schedule == kTuned) {
        add_tuned_kernels(*open_wisdom(options.wisdom), &library);
        return library;
    }
    for (LibraryKernel &kernel : library.kernels)
        kernel.schedule = library.schedule;
    return library;
}

} // namespace involute
