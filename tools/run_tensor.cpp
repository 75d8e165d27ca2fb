// Everything that can be wrong is looked at before the work: the output's folder, the input's
// tensor, the model.
#include "run_tensor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "failure.h"
#include "print.h"

namespace involute {

namespace {

const involute_named_tensor *find_input(const involute_weights *file, const TensorRun &options) {
    const std::string subject = "--tensor " + options.input;
    const involute_named_tensor *input = involute_weights_find(file, "input");
    if (!input)
        throw Failure(kExitUsage, subject + ": expected a tensor `input`, found none");
    const involute_tensor &tensor = input->tensor;
    require_f32(tensor, subject + ": input");
    const std::string found = shape_text(shape_of(tensor));
    if (tensor.rank != 4 || tensor.shape[1] != 3)
        throw Failure(kExitUsage, subject + ": input: expected shape [B,3,H,W], found " + found);
    for (int i : {0, 2, 3})
        if (tensor.shape[i] < 1)
            throw Failure(kExitUsage,
                          subject + ": input: expected no dimension of 0, found " + found);
    const Size size = {tensor.shape[2], tensor.shape[3]};
    if (options.size.height > 0 &&
        (options.size.height != size.height || options.size.width != size.width))
        throw Failure(kExitUsage, "--size: expected the file's " + size_text(size) +
                                      " (or nothing), found " + size_text(options.size));
    if (options.batch > 0 && options.batch != tensor.shape[0])
        throw Failure(kExitUsage, "--batch: expected the file's " +
                                      std::to_string(tensor.shape[0]) + " (or nothing), found " +
                                      std::to_string(options.batch));
    return input;
}

} // namespace

void check_output(const std::string &path) {
    const std::string subject = "--output " + path + ": cannot be written: ";
    struct stat found = {};
    if (stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode))
        throw Failure(kExitUsage, subject + "it exists and is not a regular file");
    // The file itself is written beside its place and renamed, so the folder is what counts.
    std::string probe = path + ".XXXXXX";
    const int descriptor = mkstemp(&probe[0]);
    if (descriptor < 0)
        throw Failure(kExitUsage, subject + std::strerror(errno));
    close(descriptor);
    unlink(probe.c_str());
}

int run_tensor(const TensorRun &options, Model model) {
    involute_weights *opened = nullptr;
    require(involute_weights_open(options.input.c_str(), &opened), "--tensor " + options.input);
    const WeightsHandle file(opened);
    const involute_named_tensor *input = find_input(opened, options);
    const Size size = {input->tensor.shape[2], input->tensor.shape[3]};
    model.tuning.size = size, model.tuning.batch = input->tensor.shape[0];
    create_model(options.isa, options.schedule, &model);
    Session session =
        create_session(model, input->tensor.shape[0], size, options.threads, options.features);
    const std::vector<Tensor> outputs = make_tensors(session.json.at("outputs"), Order::kRowMajor);
    const std::vector<involute_named_tensor> results = named(outputs);
    const auto start = std::chrono::steady_clock::now();
    require(involute_session_run(session.handle.get(), input, 1, results.data(), results.size()),
            model.label);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    require(
        involute_tensors_save(options.output.c_str(), results.data(), results.size(), nullptr, 0),
        "--output " + options.output);

    Json shapes = Json::object();
    std::vector<std::string> listed;
    for (const Tensor &tensor : outputs) {
        shapes[tensor.name()] = shape_of(tensor.view());
        listed.push_back(tensor.name() + " " + shape_text(shape_of(tensor.view())));
    }
    const Json row = {{"file", options.input},
                      {"output", options.output},
                      {"tensors", shapes},
                      {"ms", ms.count()}};
    print(options.json
              ? row.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
              : options.output + ": " + joined(listed) + "; " + fixed(ms.count(), 2) + " ms\n");
    return kExitOk;
}

} // namespace involute
