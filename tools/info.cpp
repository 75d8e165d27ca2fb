// `involute info`: what is in the library and what it would do: kernels, the instruction set and
// why, a network's layers, memory and rows, the row that a single operator takes.
#include <map>

#include "commands.h"
#include "failure.h"
#include "network.h"
#include "print.h"
#include "system_info.h"
#include "tuned_layers.h"

namespace involute {

namespace {

struct InfoOptions {
    RawOptions raw;
    RawOperator op;
    bool row = false, json = false;
};

void print_json(const Json &json) {
    print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json isa_rows() {
    Json rows = Json::array();
    for (involute_isa isa : kAllIsas) {
        const involute_status status = involute_isa_check(isa);
        rows.push_back({{"isa", involute_isa_name(isa)},
                        {"usable", status.code == INVOLUTE_OK},
                        {"why_not", status.message}});
    }
    return rows;
}

// No arguments: the library as a whole.
int about_library(const InfoOptions &options) {
    char reason[512] = "";
    const involute_isa best = involute_isa_best(reason, sizeof reason);
    const Json kernels = Json::parse(involute_kernels_json());
    const Json all = {{"version", involute_version()},
                      {"isa", involute_isa_name(best)},
                      {"why", reason},
                      {"emulated", is_emulated()},
                      {"isas", isa_rows()},
                      {"models", model_names()},
                      {"kernels", kernels}};
    if (options.json) {
        print_json(all);
        return kExitOk;
    }
    std::string text = std::string("involute ") + involute_version() + "\n" +
                       "instruction set: " + involute_isa_name(best) + " (" + reason + ")\n" +
                       (is_emulated() ? std::string(kEmulated) + "\n" : "");
    for (const Json &row : all.at("isas"))
        if (!row.at("usable").get<bool>())
            text += "  not " + row.at("isa").get<std::string>() + ": " +
                    row.at("why_not").get<std::string>() + "\n";
    text += "models: " + joined(model_names()) + "\n\n";
    // One line a row of the inventory, its variants together.
    std::vector<std::string> order;
    std::map<std::string, Json> first;
    std::map<std::string, std::vector<std::string>> variants;
    for (const Json &kernel : kernels) {
        const std::string name = kernel.at("row").get<std::string>();
        if (first.emplace(name, kernel).second)
            order.push_back(name);
        variants[name].push_back(kernel.at("isa").get<std::string>());
    }
    const auto run_time = [](const Json &value) {
        return value.is_number() && value != 0 ? value.dump() : std::string("any");
    };
    Table table({"<op", "<row", "<form", "kernel", "stride", "group", "channels", "<variants"});
    for (const std::string &name : order) {
        const Json &kernel = first[name];
        table.row({kernel.at("op").get<std::string>(), name, kernel.at("form").get<std::string>(),
                   run_time(kernel.at("kernel")), run_time(kernel.at("stride")),
                   run_time(kernel.at("group_channels")), run_time(kernel.at("channels")),
                   joined(variants[name])});
    }
    print(text + table.text());
    return kExitOk;
}

std::string memory_text(const Json &memory) {
    std::vector<std::string> parts;
    for (const auto &[name, bytes] : memory.items()) {
        std::string words = name;
        for (char &c : words)
            c = c == '_' ? ' ' : c;
        parts.push_back(words + " " + megabytes(bytes.get<int64_t>()));
    }
    return joined(parts);
}

// A model or an operator, ready for one size.
int about_model(const InfoOptions &options, Model model) {
    const auto single = [](const auto &list, const char *argument) {
        if (list.size() != 1)
            throw Failure(kExitUsage, std::string(argument) + ": expected one value, found " +
                                          std::to_string(list.size()));
        return list[0];
    };
    const involute_isa isa = single(parse_isas(options.raw.isa), "--isa");
    const int threads = single(parse_threads(options.raw.threads), "--threads");
    const int64_t batch = single(parse_batches(options.raw.batch), "--batch");
    Size size = single(parse_sizes(options.raw.size), "--size");
    const std::string schedule = single(parse_schedules(options.raw.schedule), "--schedule");
    if (schedule == kTuned)
        model.tuning = {open_wisdom(options.raw.wisdom), "", size, batch, threads};
    create_model(isa, schedule, &model);
    if (options.row)
        size = operator_size(model.label, size);
    else if (size.height == 0)
        size = default_size(model);
    const Session session = create_session(model, batch, size, threads);
    if (options.json) {
        Json all = {{"model", model.label}, {"architecture", model.json}};
        all.update(session.json);
        print_json(all);
        return kExitOk;
    }
    const Json &plan = session.json;
    std::string text = model.label + " at " + size_text(size) + ", batch " + std::to_string(batch) +
                       ", " + std::to_string(threads) + " threads, " +
                       plan.at("isa").get<std::string>() + "\n";
    if (model.json.contains("parameters"))
        text += "parameters: " + grouped(model.json.at("parameters").get<int64_t>()) + "\n";
    text += "MACs: " + grouped(plan.at("macs").get<int64_t>()) + "\n";
    text += "memory: " + memory_text(plan.at("memory")) + "\n\n";
    Table table({"<layer", "<op", "<row", "<output", "MACs", "weights", "<why"});
    for (const Json &layer : plan.at("layers"))
        table.row({layer.at("name").get<std::string>(), layer.at("op").get<std::string>(),
                   layer.at("row").get<std::string>(),
                   shape_text(layer.at("shape").get<std::vector<int64_t>>()),
                   grouped(layer.at("macs").get<int64_t>()),
                   megabytes(layer.at("weight_bytes").get<int64_t>()),
                   layer.at("why").get<std::string>()});
    print(text + table.text());
    return kExitOk;
}

int info(const InfoOptions &options) {
    check_precision(options.raw);
    const std::string model = only_value("--model", options.raw.model);
    if (options.row) {
        if (!model.empty() || options.op.op.empty())
            throw Failure(kExitUsage, "--row: expected --op and its settings, without --model");
        const std::vector<Json> descriptions = operator_descriptions(options.op);
        if (descriptions.size() != 1)
            throw Failure(kExitUsage, "--row: expected one operator, found " +
                                          std::to_string(descriptions.size()));
        return about_model(options, open_operator(descriptions[0], options.raw.weights,
                                                  parse_sizes(options.raw.size)[0]));
    }
    if (!options.op.op.empty())
        throw Failure(kExitUsage, "--op: belongs to --row, which is missing");
    if (model.empty() && options.raw.weights.empty())
        return about_library(options);
    return about_model(options, open_model(model, options.raw.weights));
}

} // namespace

void add_info(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand(
        "info", "Kernels, the instruction set and why; layers, rows and memory of a model");
    auto options = std::make_shared<InfoOptions>();
    add_shared_options(command, &options->raw);
    command->add_flag("--row", options->row, "which row one operator takes (needs --op)");
    add_operator_options(command, &options->op);
    command->add_flag("--json", options->json, "print JSON");
    command->callback([=] { *exit_code = info(*options); });
}

} // namespace involute
