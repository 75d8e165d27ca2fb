// Single operators and architectures as typed structs, and the JSON that the C interface takes for
// them. What is not set is left out, so that the library's defaults hold; the library checks all
// values. docs/file-formats.md says what each one means. Header only.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace involute::cpp {

namespace detail {

// Writes one JSON object. Nothing but what the two structs need.
class JsonWriter {
public:
    void text(const char *key, const std::string &value) {
        begin(key);
        quote(value);
    }
    void raw(const char *key, const std::string &json) {
        begin(key);
        json_ += json;
    }
    void integer(const char *key, const std::optional<int64_t> &value) {
        if (value)
            raw(key, std::to_string(*value));
    }
    void boolean(const char *key, const std::optional<bool> &value) {
        if (value)
            raw(key, *value ? "true" : "false");
    }
    void texts(const char *key, const std::vector<std::string> &values) {
        begin(key);
        json_ += '[';
        for (size_t i = 0; i < values.size(); ++i) {
            json_ += i > 0 ? "," : "";
            quote(values[i]);
        }
        json_ += ']';
    }
    std::string take() {
        return std::move(json_ += json_.empty() ? "{}" : "}");
    }

private:
    void begin(const char *key) {
        json_ += json_.empty() ? '{' : ',';
        quote(key);
        json_ += ':';
    }
    void quote(const std::string &value) {
        static const char digits[] = "0123456789abcdef";
        json_ += '"';
        for (const char c : value) {
            const unsigned char byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\')
                json_ += {'\\', c};
            else if (byte < 0x20)
                json_ += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            else
                json_ += c;
        }
        json_ += '"';
    }

    std::string json_;
};

} // namespace detail

enum class Op {
    involution,
    aggregation,
    kernel_generation,
    conv2d,
    max_pool,
    avg_pool,
    global_pool,
    dense,
    aggregation_grad_input,
    aggregation_grad_weight,
    softmax,
    local,
    involution_grad_input,
    local_attention
};

inline const char *name_of(Op op) {
    static const char *const names[] = {"involution",
                                        "aggregation",
                                        "kernel_generation",
                                        "conv2d",
                                        "max_pool",
                                        "avg_pool",
                                        "global_pool",
                                        "dense",
                                        "aggregation_grad_input",
                                        "aggregation_grad_weight",
                                        "softmax",
                                        "local",
                                        "involution_grad_input",
                                        "local_attention"};
    const size_t index = static_cast<size_t>(op);
    return index < std::size(names) ? names[index] : "unknown";
}

// A single operator. An option that the kind does not have must be left unset.
struct OperatorOptions {
    Op op = Op::involution;
    int64_t channels = 0; // required
    std::optional<int64_t> out_channels, groups, kernel, stride, dilation, upsample, group_channels,
        reduction;
    std::optional<int64_t> height, width; // local, required: of the input that its weights are for
    std::optional<int64_t> kernel_height; // beside kernel: a window kernel_height x kernel
    std::optional<bool> relu, bias, residual, norm;
    bool clamp = false; // aggregation: windows are moved inside, instead of zeros around the image

    std::string json() const {
        detail::JsonWriter writer;
        writer.text("kind", name_of(op));
        writer.integer("channels", channels);
        writer.integer("out_channels", out_channels);
        writer.integer("groups", groups);
        writer.integer("height", height);
        writer.integer("width", width);
        if (kernel && kernel_height)
            writer.raw("kernel",
                       "[" + std::to_string(*kernel_height) + "," + std::to_string(*kernel) + "]");
        else
            writer.integer("kernel", kernel);
        writer.integer("stride", stride);
        writer.integer("dilation", dilation);
        writer.integer("upsample", upsample);
        if (clamp)
            writer.text("border", "clamp");
        writer.integer("group_channels", group_channels);
        writer.integer("reduction", reduction);
        writer.boolean("relu", relu);
        writer.boolean("bias", bias);
        writer.boolean("residual", residual);
        writer.boolean("norm", norm);
        return writer.take();
    }
};

// A network. `depth` (26, 38, 50, 101, 152) or `blocks` is required.
struct Architecture {
    bool involution = true; // RedNet; false: ResNet
    std::optional<int64_t> depth;
    std::optional<std::array<int64_t, 4>> blocks;
    std::optional<int64_t> classes, base_channels, stem_channels, stem_kernel;
    std::optional<int64_t> kernel, group_channels, reduction, dilation; // RedNet only
    std::vector<std::string> labels;
    std::string preprocessing; // a JSON object; "": the ImageNet recipe

    std::string json() const {
        detail::JsonWriter writer;
        writer.text("kind", involution ? "rednet" : "resnet");
        writer.integer("depth", depth);
        if (blocks) {
            const std::array<int64_t, 4> &b = *blocks;
            writer.raw("blocks", "[" + std::to_string(b[0]) + "," + std::to_string(b[1]) + "," +
                                     std::to_string(b[2]) + "," + std::to_string(b[3]) + "]");
        }
        writer.integer("classes", classes);
        writer.integer("base_channels", base_channels);
        writer.integer("stem_channels", stem_channels);
        writer.integer("stem_kernel", stem_kernel);
        writer.integer("kernel", kernel);
        writer.integer("group_channels", group_channels);
        writer.integer("reduction", reduction);
        writer.integer("dilation", dilation);
        if (!labels.empty())
            writer.texts("labels", labels);
        if (!preprocessing.empty())
            writer.raw("preprocessing", preprocessing);
        return writer.take();
    }
};

} // namespace involute::cpp
