#include "compile_sources.h"

#include <algorithm>
#include <map>

#include "compile_templates.h"
#include "compile_tensors.h"
#include "print.h"

namespace involute {

namespace {

using Words = std::map<std::string, std::string>;

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

std::string filled(std::string text, const Library &library, const Words &words) {
    for (const auto &[name, value] : words)
        text = replaced(text, "@" + name + "@", value);
    return replaced(text, "@NAME@", library.name);
}

// Inside of a comment or a table.
std::string plain(const std::string &text) {
    return replaced(replaced(text, "*/", "* /"), "\n", " ");
}

std::string c_string(const std::string &text) {
    std::string quoted = "\"";
    for (const char c : text) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\%03o", static_cast<unsigned char>(c));
        const bool safe = c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?';
        quoted += safe ? std::string(1, c) : escaped;
    }
    return quoted + "\"";
}

std::string run_parameters(const Library &library) {
    std::vector<std::string> list;
    for (const Argument &tensor : tensors_of(library))
        list.push_back((tensor.is_output ? "float *" : "const float *") + tensor.name);
    return joined(list);
}

std::string create_parameters(const Library &library) {
    return library.weights.empty() ? "const @NAME@_options *options"
                                   : "const @NAME@_options *options, const @NAME@_weights *weights";
}

std::string target_names(const Library &library) {
    std::vector<std::string> names;
    for (const CompileTarget &target : library.targets)
        names.push_back(target.name);
    return joined(names);
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string isa_constant(involute_isa isa) {
    return "INVOLUTE_ISA_" + upper(involute_isa_name(isa));
}

struct Dimension {
    const char *name;
    int64_t fixed;
};

std::vector<Dimension> dimensions(const Library &library) {
    std::vector<Dimension> all = {{"channels", library.is_network ? 3 : library.channels},
                                  {"batch", library.batch},
                                  {"height", library.size.height},
                                  {"width", library.size.width}};
    if (library.is_network)
        all.erase(all.begin());
    return all;
}

// Networks run at any size; what was asked for is the usual one.
bool is_fixed(const Library &library, const Dimension &dimension) {
    return dimension.fixed != 0 && !library.is_network;
}

std::string option_fields(const Library &library) {
    std::string text;
    for (const Dimension &dimension : dimensions(library)) {
        text += std::string("    int64_t ") + dimension.name + ";";
        if (dimension.fixed != 0)
            text += std::string(" /* ") + (is_fixed(library, dimension) ? "only " : "0: ") +
                    std::to_string(dimension.fixed) +
                    (is_fixed(library, dimension) ? ", or 0 */" : " */");
        text += "\n";
    }
    if (library.is_network) {
        const bool inside = library.embed || !library.synthetic.empty();
        text += std::string("    const char *weights; /* safetensors file") +
                (inside ? "; NULL: the weights inside */\n" : " */\n");
    }
    return text;
}

// In C, whether the caller gave biases: all of them or none. "" where the operator has none.
std::string biased_condition(const Library &library) {
    std::vector<std::string> given;
    for (const LibraryWeight &weight : library.weights)
        if (weight.optional)
            given.push_back("given->" + weight.field + " != NULL");
    return given.size() < 2 ? joined(given) : "(" + joined(given, " || ") + ")";
}

std::string weight_fields(const Library &library) {
    if (library.weights.empty())
        return "";
    std::string text = "\n/* Row-major, in the shapes of the official networks; c: channels.";
    const std::string biased = biased_condition(library);
    if (!biased.empty())
        text += biased[0] == '(' ? " The biases may be NULL, all or none." : " bias may be NULL.";
    text += " */\ntypedef struct @NAME@_weights {\n";
    for (const LibraryWeight &weight : library.weights) {
        std::string shape;
        for (const std::string &side : weight.shape)
            shape += "[" + side + "]";
        text += "    const float *" + weight.field + "; /* " + weight.name + " " + shape + " */\n";
    }
    return text + "} @NAME@_weights;\n";
}

std::string kernel_lines(const Library &library) {
    std::string text;
    for (const LibraryKernel &kernel : library.kernels) {
        text += "    {" + c_string(kernel.row) + ", " + c_string(kernel.op) + ", " +
                c_string(kernel.form) + ", \"f32\", " + c_string(kernel.schedule) + ",\n     " +
                c_string(kernel.symbol()) + ", " +
                (kernel.call.empty() ? "NULL" : c_string(kernel.call));
        for (int number :
             {kernel.kernel, kernel.stride, kernel.group_channels, kernel.channels, kernel.packing})
            text += ", " + std::to_string(number);
        text += ", " + isa_constant(kernel.isa) + ", " + kernel.symbol() + "_argv},\n";
    }
    return text;
}

// The embedded tensors, in the order in which their values stand in the file.
std::string stored_tensors(const Library &library, const std::string &path) {
    std::string text =
        "#define STORED_RANK 8\n"
        "__asm__(\".section .rodata\\n.balign 64\\n@NAME@_values:\\n.incbin \" " +
        c_string("\"" + path + "\"") +
        " \"\\n.previous\\n\");\n"
        "extern const unsigned char @NAME@_values[] __attribute__((visibility(\"hidden\")));\n"
        "static const struct {\n    const char *name;\n    int32_t rank;\n    int64_t offset, "
        "shape[STORED_RANK];\n} stored[] = {\n";
    int64_t offset = 0;
    for (size_t i = 0;; ++i) {
        const involute_named_tensor *entry =
            involute_weights_tensor(library.model.weights.get(), i);
        if (!entry)
            break;
        const std::vector<int64_t> shape = shape_of(entry->tensor);
        std::vector<std::string> sides;
        for (int64_t side : shape)
            sides.push_back(std::to_string(side));
        text += "    {" + c_string(entry->name) + ", " + std::to_string(shape.size()) + ", " +
                std::to_string(offset) + ", {" + (sides.empty() ? "0" : joined(sides)) + "}},\n";
        offset += count_of(shape) * 4;
    }
    return text + "};\n";
}

std::string declarations(const Library &library, const std::string &weights) {
    std::string text;
    for (const LibraryKernel &kernel : library.kernels)
        text += "int " + kernel.symbol() + "_argv(void **arguments);\n";
    if (library.is_network)
        text +=
            "\nstatic const char architecture[] = " + c_string(library.model.architecture) + ";\n";
    if (!weights.empty())
        text += "\n" + stored_tensors(library, weights);
    return text;
}

std::string helpers(const Library &library) {
    std::string text;
    if (mentions(library, &Argument::view, "image("))
        text += kImageHelper;
    if (mentions(library, &Argument::view, "kernel_map("))
        text += kKernelsHelper;
    if (!library.weights.empty())
        text += R"c(
static int use_weight(involute_named_tensor *tensor, const char *name, const float *data,
                      int32_t rank, const int64_t *shape) {
    if (data == NULL)
        return refuse(name, "a pointer to its values", 0);
    tensor->name = name;
    tensor->tensor = involute_tensor_f32((float *)(uintptr_t)data, rank, shape);
    return INVOLUTE_OK;
}
)c";
    if (library.is_network && library.embed)
        text += R"c(
static involute_status stored_weights(involute_weights **weights) {
    const size_t count = sizeof stored / sizeof stored[0];
    involute_status status = {INVOLUTE_OUT_OF_MEMORY, "weights: no memory"};
    involute_named_tensor *tensors = calloc(count, sizeof *tensors);
    for (size_t i = 0; i < count && tensors != NULL; i++) {
        tensors[i].name = stored[i].name;
        tensors[i].tensor = involute_tensor_f32(
            (float *)(uintptr_t)(@NAME@_values + stored[i].offset), stored[i].rank,
            stored[i].shape);
    }
    if (tensors != NULL)
        status = involute_weights_create(tensors, count, weights);
    free(tensors);
    return status;
}
)c";
    return text;
}

std::string operator_tensors(const Library &library) {
    Json description = library.description;
    description.erase("channels");
    const std::string biased = biased_condition(library);
    std::string json = description.dump();
    json.pop_back();
    std::string text =
        "    char architecture[1024];\n    snprintf(architecture, sizeof architecture, " +
        c_string(json + ",\"channels\":%lld" + (biased.empty() ? "" : ",\"bias\":%s") + "}") +
        ", (long long)c" +
        (biased.empty() ? "" : ", given != NULL && " + biased + " ? \"true\" : \"false\"") +
        ");\n    involute_weights *weights = NULL;\n";
    if (library.weights.empty())
        return text;
    text += "    if (given == NULL)\n        return refuse(\"weights\", \"a pointer\", 0);\n"
            "    involute_named_tensor tensors[" +
            std::to_string(library.weights.size()) + "];\n    size_t count = 0;\n";
    for (const LibraryWeight &weight : library.weights) {
        const std::string condition = weight.optional ? biased + " && " : "";
        text += "    if (" + condition + "(code = use_weight(&tensors[count], " +
                c_string(weight.name) + ", given->" + weight.field + ", " +
                std::to_string(weight.shape.size()) + ",\n        (const int64_t[]){" +
                joined(weight.shape) + "})) != INVOLUTE_OK)\n        return code;\n    count" +
                (weight.optional ? " += " + biased : "++") + ";\n";
    }
    return text +
           "    const involute_status copied = involute_weights_create(tensors, count, &weights);\n"
           "    if (copied.code != INVOLUTE_OK)\n        return report(&copied);\n";
}

std::string network_tensors(const Library &library) {
    const std::string &synthetic = library.synthetic;
    std::string otherwise;
    if (library.embed) {
        otherwise = "        opened = stored_weights(&weights);\n";
    } else if (!synthetic.empty()) {
        const size_t colon = synthetic.find(':');
        otherwise = "        opened = involute_weights_synthetic(" +
                    (colon == std::string::npos ? "0" : synthetic.substr(colon + 1)) +
                    "u, &weights);\n";
    } else {
        otherwise = "        return refuse(\"weights\", \"the path of a file\", 0);\n";
    }
    return "    involute_weights *weights = NULL;\n    involute_status opened;\n"
           "    if (options->weights != NULL)\n"
           "        opened = involute_weights_open(options->weights, &weights);\n    else\n" +
           otherwise + "    if (opened.code != INVOLUTE_OK)\n        return report(&opened);\n";
}

std::string size_checks(const Library &library) {
    std::string text = library.is_network ? "    state->channels = 3;\n" : "";
    for (const Dimension &dimension : dimensions(library)) {
        const std::string field = dimension.name, fixed = std::to_string(dimension.fixed);
        const std::string given =
            is_fixed(library, dimension) || dimension.fixed == 0
                ? "options->" + field + ", " + fixed
                : "options->" + field + " != 0 ? options->" + field + " : " + fixed + ", 0";
        text += "    if (code == INVOLUTE_OK)\n        code = choose_size(\"" + field + "\", " +
                given + ", &state->" + field + ");\n";
    }
    return text;
}

std::string example(const Library &library) {
    std::string text;
    if (!library.weights.empty())
        text += "@NAME@_weights weights = {...};\n";
    std::vector<std::string> settings;
    for (const Dimension &dimension : dimensions(library))
        if (dimension.fixed == 0)
            settings.push_back(std::string(".") + dimension.name + " = " +
                               (dimension.name == std::string("channels") ? "64"
                                : dimension.name == std::string("batch")  ? "1"
                                                                          : "56"));
    settings.push_back(".threads = 1");
    text += "@NAME@_options options = {" + joined(settings) + "};\n@NAME@_state *state;\n" +
            "if (@NAME@_create(&options, " + (library.weights.empty() ? "" : "&weights, ") +
            "&state) != 0)\n    puts(@NAME@_message());\n@NAME@_run(state";
    for (const Argument &tensor : tensors_of(library))
        text += ", " + tensor.name;
    return text + "); /* as often as you like */\n@NAME@_destroy(state);\n";
}

Words common(const Library &library, const std::string &command) {
    return {{"LABEL", plain(library.label)},
            {"VERSION", involute_version()},
            {"COMMAND", plain(command)},
            {"TARGETS", target_names(library)}};
}

} // namespace

std::string library_header(const Library &library, const std::string &command) {
    std::string layout;
    for (const Argument &tensor : tensors_of(library))
        layout += " *   " + tensor.name + ": " + tensor.layout + "\n";
    Words words = common(library, command);
    words["GUARD"] = "COMPILED_" + upper(library.name);
    words["BITS"] = library.schedule == kHand || library.schedule == kTuned
                        ? "Results have the same bits for\n * every number of threads and on AVX2 "
                          "and AVX-512."
                        : "";
    words["OPTIONS"] = option_fields(library);
    words["WEIGHTS"] = weight_fields(library);
    words["CREATE"] = create_parameters(library);
    words["RUN"] = run_parameters(library);
    words["LAYOUT"] = layout.substr(0, layout.size() - 1);
    return filled(kHeaderTemplate, library, words);
}

std::string library_source(const Library &library, const std::string &weights) {
    std::string targets, checks, inputs, outputs;
    for (const CompileTarget &target : library.targets)
        targets += "    {" + isa_constant(target.isa) + ", \"" + target.name + "\"},\n";
    for (const Argument &tensor : tensors_of(library)) {
        checks += "    if (" + tensor.name + " == NULL)\n        return refuse(\"" + tensor.name +
                  "\", \"a pointer\", 0);\n";
        std::string &list = tensor.is_output ? outputs : inputs;
        list += (list.empty() ? "{\"" : ", {\"") + tensor.name + "\", " + tensor.view + "}";
    }
    const bool weighs = !library.weights.empty();
    return filled(
        kSourceTemplate, library,
        {{"DECLARATIONS", declarations(library, weights)},
         {"KERNELS", kernel_lines(library)},
         {"TARGET_TABLE", targets},
         {"HELPERS", helpers(library)},
         {"BUILD_PARAMETERS", weighs ? " const @NAME@_weights *given," : ""},
         {"BUILD_ARGUMENTS", weighs ? " weights," : ""},
         {"SIZES", size_checks(library)},
         {"TENSORS", library.is_network ? network_tensors(library) : operator_tensors(library)},
         {"CREATE", create_parameters(library)},
         {"RUN", run_parameters(library)},
         {"CHECKS", checks},
         {"INPUTS", inputs},
         {"OUTPUTS", outputs}});
}

std::string library_readme(const Library &library, const std::string &command, int64_t bytes) {
    std::string layouts, kernels;
    for (const Argument &tensor : tensors_of(library))
        layouts += "- `" + tensor.name + "`, " + tensor.what + ": " + tensor.layout + "\n";
    if (mentions(library, &Argument::layout, "output height"))
        layouts += "- output height = " + output_side(library, "height") +
                   ", output width = " + output_side(library, "width") + "\n";
    for (const LibraryWeight &weight : library.weights)
        layouts += "- `weights." + weight.field + "`, row-major: [" + joined(weight.shape) +
                   "], c = channels (`" + weight.name + "`)\n";
    for (const LibraryKernel &kernel : library.kernels)
        kernels += "| " + kernel.symbol() + " | " + involute_isa_name(kernel.isa) + " | " +
                   (kernel.in_inventory ? "as in the library" : kernel.columns()) +
                   (kernel.constants.empty() ? "" : "; " + kernel.constants) + " |\n";
    const involute_isa least = library.targets[0].isa;
    Words words = common(library, command);
    words["BYTES"] = megabytes(bytes);
    words["EXAMPLE"] = example(library);
    words["LAYOUTS"] = layouts;
    words["KERNELS"] = kernels;
    words["MEMORY"] = library.memory;
    words["CAPS"] = least == INVOLUTE_ISA_NEON ? "neon" : "baseline, avx2, avx512";
    words["DEVICES"] =
        is_device(library.targets.back().isa)
            ? "\nDevices come before CPUs, whatever the cap: a library that shall stay on the CPU "
              "is "
              "compiled without them. Their drivers are opened when they are first asked for; "
              "tensors are copied to the device and back.\n"
            : "";
    words["FALLBACK"] =
        is_device(library.targets[0].isa)
            ? "Where driver or device is missing `@NAME@_create` answers 4 and `@NAME@_message` "
              "says what is."
        : least == INVOLUTE_ISA_BASELINE ? "The baseline runs on every x86-64 CPU."
        : least == INVOLUTE_ISA_NEON
            ? "NEON is in every 64-bit ARM CPU."
            : "On a CPU without the least of them `@NAME@_create` answers 4 and `@NAME@_message` "
              "names the missing feature.";
    return filled(kReadmeTemplate, library, words);
}

std::string library_cmake(const Library &library) {
    return filled(kCmakeTemplate, library, {});
}

std::string library_pkg_config(const Library &library) {
    return filled(kPkgConfigTemplate, library, common(library, ""));
}

std::vector<std::string> library_functions(const Library &library) {
    std::vector<std::string> names;
    for (const char *function : {"create", "run", "destroy", "target", "message"})
        names.push_back(library.name + "_" + function);
    return names;
}

} // namespace involute
