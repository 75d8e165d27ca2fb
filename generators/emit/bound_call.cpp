#include "generators/emit/bound_call.h"

#include <sstream>
#include <utility>
#include <vector>

namespace involute::emit {
namespace {

using namespace Halide;

using Dimensions = std::vector<std::pair<int, int>>; // extent, stride

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

[[noreturn]] void refuse(const std::string &argument, const std::string &expected,
                         const std::string &found) {
    throw CompileError("call: argument " + argument + ": expected " + expected + ", found '" +
                       found + "'");
}

int integer(const std::string &argument, const std::string &text) {
    const bool digits = !text.empty() && text.size() < 10 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) {
        refuse(argument, "a number", text);
    }
    return std::stoi(text);
}

Dimensions dimensions_of(const std::string &argument, const std::string &text, int count) {
    Dimensions dimensions;
    for (const std::string &part : split(text, ',')) {
        const size_t colon = part.find(':');
        if (colon == std::string::npos) {
            refuse(argument, "extent:stride", part);
        }
        dimensions.emplace_back(integer(argument, part.substr(0, colon)),
                                integer(argument, part.substr(colon + 1)));
    }
    if (dimensions.size() != static_cast<size_t>(count)) {
        refuse(argument, std::to_string(count) + " dimensions", text);
    }
    return dimensions;
}

void bind_scalar(Parameter parameter, const std::string &argument, const std::string &text) {
    if (text.empty() || (text[0] == 'f') != parameter.type().is_float()) {
        refuse(argument, parameter.type().is_float() ? "f" : "i with a number, or t", text);
    }
    const int value = text[0] == 'i' ? integer(argument, text.substr(1)) : text[0] == 't' ? 1 : 0;
    parameter.set_estimate(cast(parameter.type(), value));
}

void bind_input(Parameter parameter, const std::string &argument, const std::string &text) {
    if (!parameter.is_buffer()) {
        return bind_scalar(parameter, argument, text);
    }
    const Dimensions dimensions = dimensions_of(argument, text, parameter.dimensions());
    for (int d = 0; d < parameter.dimensions(); d++) {
        const auto &[extent, stride] = dimensions[static_cast<size_t>(d)];
        parameter.set_min_constraint(d, 0);
        parameter.set_extent_constraint(d, extent);
        parameter.set_stride_constraint(d, stride);
        parameter.set_min_constraint_estimate(d, 0);
        parameter.set_extent_constraint_estimate(d, extent);
    }
}

void bind_output(Func func, const std::string &argument, const std::string &text) {
    OutputImageParam buffer = func.output_buffer();
    const Dimensions dimensions = dimensions_of(argument, text, buffer.dimensions());
    for (int d = 0; d < buffer.dimensions(); d++) {
        const auto &[extent, stride] = dimensions[static_cast<size_t>(d)];
        buffer.dim(d).set_bounds(0, extent).set_stride(stride).set_estimate(0, extent);
    }
}

} // namespace

void bind_call(Internal::AbstractGenerator &generator, const std::string &call) {
    const std::vector<std::string> texts = split(call, ';');
    std::vector<Internal::AbstractGenerator::ArgInfo> inputs, outputs;
    for (const auto &info : generator.arginfos()) {
        (info.dir == Internal::ArgInfoDirection::Input ? inputs : outputs).push_back(info);
    }
    if (texts.size() != inputs.size() + outputs.size()) {
        throw CompileError("call: expected " + std::to_string(inputs.size() + outputs.size()) +
                           " arguments, found " + std::to_string(texts.size()));
    }
    for (size_t i = 0; i < inputs.size(); i++) {
        bind_input(generator.input_parameter(inputs[i].name)[0], inputs[i].name, texts[i]);
    }
    for (size_t i = 0; i < outputs.size(); i++) {
        bind_output(generator.output_func(outputs[i].name)[0], outputs[i].name,
                    texts[inputs.size() + i]);
    }
}

} // namespace involute::emit
