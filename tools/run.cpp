// `involute run`: what was asked for, checked, and the answers printed. Pictures are classified in
// run_pictures.cpp, tensor files run in run_tensor.cpp.
#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "failure.h"
#include "network.h"
#include "print.h"
#include "progress.h"
#include "run_pictures.h"
#include "run_tensor.h"
#include "tuned_layers.h"

namespace involute {

namespace {

struct RunOptions {
    RawOptions raw;
    std::vector<std::string> images;
    std::string top, labels, tensor, output;
    bool features = false, json = false;
};

std::string printed(const Json &rows) {
    Table table({"<file", "<classes, most likely first", "ms"});
    for (const Json &row : rows) {
        const std::string file = row.at("file").get<std::string>();
        if (row.contains("error")) {
            table.row({file, "error: " + row.at("error").get<std::string>(), ""});
            continue;
        }
        std::vector<std::string> classes;
        for (const Json &entry : row.at("top"))
            classes.push_back(entry.at("label").get<std::string>() + " " +
                              percent(entry.at("probability").get<double>()));
        table.row({file, joined(classes), fixed(row.at("ms").get<double>(), 2)});
    }
    return table.text();
}

size_t class_count(const Model &model) {
    if (!model.json.contains("classes"))
        throw Failure(kExitUsage, "--model " + model.label +
                                      ": expected a network, which has classes, found the "
                                      "operator " +
                                      model.json.value("kind", "?"));
    return model.json.at("classes").get<size_t>();
}

int run_images(const RunOptions &options, Model model, int threads, Size size) {
    const size_t classes = class_count(model);
    const size_t top = options.top.empty()
                           ? std::min<size_t>(5, classes)
                           : static_cast<size_t>(parse_integer("--top", options.top, 1, 1000000));
    std::vector<std::string> labels;
    if (!options.labels.empty())
        labels = read_labels(options.labels, classes);
    else if (model.json.contains("labels"))
        labels = model.json.at("labels").get<std::vector<std::string>>();
    const size_t batch = static_cast<size_t>(parse_batches(options.raw.batch)[0]);
    const Json preprocessing = model.json.value("preprocessing", Json());

    Classifier classifier(model, threads, top, labels);
    Progress progress(static_cast<int>(options.images.size()));
    std::vector<Json> rows(options.images.size());
    std::vector<Tensor> group;
    std::vector<Json *> group_rows;
    const auto flush = [&] {
        if (!group.empty())
            classifier.run(group, group_rows);
        group.clear();
        group_rows.clear();
    };
    bool unreadable = false;
    for (size_t i = 0; i < rows.size(); ++i) {
        progress.step(options.images[i]);
        rows[i]["file"] = options.images[i];
        std::string error;
        Tensor picture = load_picture(options.images[i], preprocessing, size, &error);
        if (!error.empty()) {
            rows[i]["error"] = error;
            unreadable = true;
            continue;
        }
        if (!group.empty() && shape_of(group[0].view()) != shape_of(picture.view()))
            flush();
        group.push_back(std::move(picture));
        group_rows.push_back(&rows[i]);
        if (group.size() == batch)
            flush();
    }
    flush();
    progress.clear();
    for (const Json &row : rows)
        if (row.contains("error"))
            std::fprintf(stderr, "involute run: %s: %s\n",
                         row.at("file").get<std::string>().c_str(),
                         row.at("error").get<std::string>().c_str());
    print(options.json ? Json(rows).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                       : printed(rows));
    return unreadable ? kExitUsage : kExitOk;
}

void check_use(const RunOptions &options) {
    const auto wrong = [](const std::string &message) { throw Failure(kExitUsage, message); };
    const bool tensor = !options.tensor.empty();
    if (tensor && !options.images.empty())
        wrong("--tensor: expected no pictures beside it, found " + options.images[0]);
    if (!tensor && options.images.empty())
        wrong("expected pictures (JPEG, PNG, PPM), or --tensor IN --output OUT, found neither");
    if (tensor && options.output.empty())
        wrong("--tensor: expected --output OUT.safetensors beside it");
    if (!tensor && !options.output.empty())
        wrong("--output: belongs to --tensor, which is missing");
    if (!tensor && options.features)
        wrong("--features: belongs to --tensor, which is missing");
    if (tensor && !(options.top.empty() && options.labels.empty()))
        wrong("--top and --labels: belong to pictures, not to --tensor");
    const std::string model = only_value("--model", options.raw.model);
    if (!tensor && !model.empty() && model != "rednet-digits" && options.raw.weights.empty())
        wrong("--model " + model +
              ": expected --weights FILE (or synthetic) beside it; only rednet-digits has its own");
}

int run(const RunOptions &options) {
    check_use(options);
    check_precision(options.raw);
    only_value("--dtype", options.raw.dtype);
    const auto single = [](const auto &list, const char *argument) {
        if (list.size() != 1)
            throw Failure(kExitUsage, std::string(argument) + ": expected one value, found " +
                                          std::to_string(list.size()));
        return list[0];
    };
    const involute_isa isa = single(parse_isas(options.raw.isa), "--isa");
    const std::string schedule = single(parse_schedules(options.raw.schedule), "--schedule");
    const int threads = single(parse_threads(options.raw.threads), "--threads");
    const Size size = single(parse_sizes(options.raw.size), "--size");
    single(parse_batches(options.raw.batch), "--batch");
    if (!options.output.empty())
        check_output(options.output);
    Model model = open_model(only_value("--model", options.raw.model), options.raw.weights);
    if (schedule == kTuned)
        model.tuning = {open_wisdom(options.raw.wisdom), "", size, 1, threads};
    if (!options.tensor.empty())
        return run_tensor({options.tensor, options.output, options.features, options.json, threads,
                           isa, schedule, size,
                           options.raw.batch.empty() ? 0 : parse_batches(options.raw.batch)[0]},
                          std::move(model));
    create_model(isa, schedule, &model);
    return run_images(options, std::move(model), threads, size);
}

} // namespace

void add_run(CLI::App *app, int *exit_code) {
    CLI::App *command =
        app->add_subcommand("run", "Classifies pictures, or runs a tensor file through a network");
    auto options = std::make_shared<RunOptions>();
    command->add_option("images", options->images, "pictures: JPEG, PNG, PPM");
    add_shared_options(command, &options->raw);
    command->add_option("--top", options->top, "how many classes to show (5)")->type_name("K");
    command->add_option("--labels", options->labels, "names of the classes, one a line")
        ->type_name("FILE");
    command
        ->add_option("--tensor", options->tensor,
                     "instead of pictures: a file with `input`, float32 [B,3,H,W], normalised")
        ->type_name("IN.safetensors");
    command->add_option("--output", options->output, "where --tensor writes `logits`")
        ->type_name("OUT.safetensors");
    command->add_flag("--features", options->features,
                      "with --tensor: also write stage1 .. stage4 (NCHW)");
    command->add_flag("--json", options->json, "print JSON");
    command->footer("Without --model: rednet-digits with its own weights. --size is the size that "
                    "pictures are\nprepared to (what the model's recipe says), --batch how many "
                    "are run at once; `ms` is the time\nof the run that held the picture.\n\n");
    command->callback([=] { *exit_code = run(*options); });
}

} // namespace involute
