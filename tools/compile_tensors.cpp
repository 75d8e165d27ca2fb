// Which tensors an operator's NAME_run takes, and how each lies in memory.
#include "compile_tensors.h"

#include <algorithm>

namespace involute {

namespace {

int64_t taps(const Library &library) {
    const auto kernel = library.description.find("kernel");
    if (kernel == library.description.end())
        return 49;
    return kernel->is_array() ? (*kernel)[0].get<int64_t>() * (*kernel)[1].get<int64_t>()
                              : kernel->get<int64_t>() * kernel->get<int64_t>();
}

int64_t stride(const Library &library) {
    const bool averages = kind_of(library) == "avg_pool";
    return setting(library.description, "stride",
                   averages ? setting(library.description, "kernel", 2) : 1);
}

std::string groups(const Library &library) {
    return "c / " + std::to_string(setting(library.description, "group_channels", 16));
}

} // namespace

std::string kind_of(const Library &library) {
    return library.is_network ? "network" : library.description.at("kind").get<std::string>();
}

std::string output_side(const Library &library, const std::string &side) {
    const int64_t upsample = setting(library.description, "upsample", 1), step = stride(library);
    if (upsample > 1)
        return side + " * " + std::to_string(upsample);
    return step == 1
               ? side
               : "(" + side + " + " + std::to_string(step - 1) + ") / " + std::to_string(step);
}

std::vector<Argument> tensors_of(const Library &library) {
    const std::string kind = kind_of(library);
    const std::string high = output_side(library, "h"), wide = output_side(library, "w");
    const std::string sides = (high == "h" ? "h" : "(" + high + ")") + std::string(", ") +
                              (wide == "w" ? "w" : "(" + wide + ")");
    const std::string count = std::to_string(taps(library));
    if (kind == "network") {
        const std::string classes = std::to_string(library.classes);
        return {{"input", "normalised picture", "[batch, height, width, 3]",
                 "image(input, b, c, h, w)", false},
                {"logits", "one value a class", "[batch, " + classes + "]",
                 "involute_tensor_f32(logits, 2, (const int64_t[]){b, " + classes + "})", true}};
    }
    const int64_t given = setting(library.description, "out_channels", 0);
    const std::string outputs = given != 0 ? std::to_string(given) : "c";
    const std::string output_channels = given != 0 ? outputs : "channels";
    const auto kernels = [&](const std::string &name, bool is_output) {
        return Argument{name,
                        is_output && name[0] == 'g' ? "gradient of the kernels"
                                                    : "weights of the windows, row by row",
                        "[batch, output height, output width, channels / group_channels, kernel * "
                        "kernel]",
                        "kernel_map(" + name + ", b, " + groups(library) + ", " + count + ", " +
                            sides + ")",
                        is_output};
    };
    const auto vector = [&](const std::string &name, const std::string &channels,
                            const std::string &extent, bool is_output) {
        return Argument{name, "activations", "[batch, " + channels + "]",
                        "involute_tensor_f32((float *)(uintptr_t)" + name +
                            ", 2, (const int64_t[]){b, " + extent + "})",
                        is_output};
    };
    const Argument input = {"input", "activations", "[batch, height, width, channels]",
                            "image(input, b, c, h, w)", false};
    const Argument output = {"output", "activations",
                             "[batch, output height, output width, " + output_channels + "]",
                             "image(output, b, " + outputs + ", " + sides + ")", true};
    const Argument grad_output = {"grad_output", "gradient of the output",
                                  "[batch, output height, output width, channels]",
                                  "image(grad_output, b, c, " + sides + ")", false};
    const Argument grad_input = {"grad_input", "gradient of the input",
                                 "[batch, height, width, channels]",
                                 "image(grad_input, b, c, h, w)", true};
    if (kind == "dense")
        return {vector("input", "channels", "c", false),
                vector("output", output_channels, outputs, true)};
    if (kind == "global_pool")
        return {input, vector("output", "channels", "c", true)};
    if (kind == "kernel_generation")
        return {input, kernels("kernels", true)};
    if (kind == "aggregation")
        return {input, kernels("kernels", false), output};
    if (kind == "softmax")
        return {kernels("kernels", false), kernels("output", true)};
    if (kind == "aggregation_grad_input")
        return {grad_output, kernels("kernels", false), grad_input};
    if (kind == "aggregation_grad_weight")
        return {input, grad_output, kernels("grad_kernels", true)};
    if (kind == "involution_grad_input")
        return {input, grad_output, grad_input};
    return {input, output};
}

bool mentions(const Library &library, std::string Argument::*text, const std::string &what) {
    const std::vector<Argument> tensors = tensors_of(library);
    return std::any_of(tensors.begin(), tensors.end(), [&](const Argument &tensor) {
        return (tensor.*text).find(what) != std::string::npos;
    });
}

} // namespace involute
