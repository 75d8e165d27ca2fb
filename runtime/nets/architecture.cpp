// Names and JSON of networks, see architecture.h. docs/file-formats.md is the user's view of it.
#include "nets/architecture.h"

#include <algorithm>
#include <cctype>

#include "io/json_fields.h"
#include "io/preprocess.h"

namespace involute {

namespace {

constexpr int64_t kMaxClasses = 1000000;
constexpr int64_t kMaxBaseChannels = 4096; // 131072 after the last stage
constexpr int64_t kMaxStemChannels = 8192;
constexpr int64_t kMaxBlocks = 1000;
constexpr int64_t kResNetStemKernel = 7;

struct Depth {
    int64_t depth;
    std::array<int64_t, 4> blocks;
};
constexpr Depth kDepths[] = {{26, {1, 2, 4, 1}},
                             {38, {2, 3, 5, 2}},
                             {50, {3, 4, 6, 3}},
                             {101, {3, 4, 23, 3}},
                             {152, {3, 8, 36, 3}}};

// The recipe of the official checkpoints; keys sorted, as in texts that went through the parser.
constexpr const char *kImageNet =
    R"({"mean":[123.675,116.28,103.53],"mode":"center_crop","short_edge":256,)"
    R"("size":[224,224],"std":[58.395,57.12,57.375]})";

const std::vector<std::string> kCommonKeys = {"kind",        "depth",         "blocks",
                                              "classes",     "base_channels", "stem_channels",
                                              "stem_kernel", "labels",        "preprocessing"};
const std::vector<std::string> kInvolutionKeys = {"kernel", "group_channels", "reduction",
                                                  "dilation"};

Status invalid(const std::string &text) {
    return Status::error(INVOLUTE_INVALID_ARGUMENT, "architecture: %s", text.c_str());
}

Status parse_name(const std::string &name, Architecture *architecture) {
    const std::vector<std::string> &names = network_names();
    const auto position = std::find(names.begin(), names.end(), name);
    if (position == names.end())
        return invalid("unknown name " + shown(name) + "; known are " + joined(names) +
                       ", or a JSON object");
    const size_t index = static_cast<size_t>(position - names.begin());
    architecture->involution = index < std::size(kDepths);
    architecture->blocks = kDepths[index % std::size(kDepths)].blocks;
    if (!architecture->involution)
        architecture->stem_kernel = kResNetStemKernel;
    return {};
}

Status parse_kind(const JsonFields &fields, Architecture *architecture) {
    std::string kind;
    INVOLUTE_RETURN_IF_ERROR(fields.string("kind", &kind));
    if (kind != "rednet" && kind != "resnet")
        return fields.must_be("kind", "\"rednet\" or \"resnet\"");
    architecture->involution = kind == "rednet";
    return {};
}

// Depth, or blocks, or both when they say the same.
Status parse_blocks(const JsonFields &fields, Architecture *architecture) {
    if (!fields.has("depth") && !fields.has("blocks"))
        return invalid("depth (26, 38, 50, 101, 152) or blocks (4 integers) must be given, found "
                       "neither");
    std::vector<int64_t> blocks;
    INVOLUTE_RETURN_IF_ERROR(fields.integers("blocks", 4, 1, kMaxBlocks, &blocks));
    if (fields.has("depth")) {
        int64_t depth = 0;
        INVOLUTE_RETURN_IF_ERROR(fields.integer("depth", INT64_MIN, INT64_MAX, &depth));
        const Depth *known = std::find_if(std::begin(kDepths), std::end(kDepths),
                                          [&](const Depth &row) { return row.depth == depth; });
        if (known == std::end(kDepths))
            return fields.must_be("depth", "26, 38, 50, 101 or 152 (or give blocks instead)");
        if (!blocks.empty() && !std::equal(blocks.begin(), blocks.end(), known->blocks.begin()))
            return fields.must_be("blocks", "left out or those of depth " + std::to_string(depth) +
                                                ", " + shown(known->blocks));
        architecture->blocks = known->blocks;
        return {};
    }
    std::copy(blocks.begin(), blocks.end(), architecture->blocks.begin());
    return {};
}

Status parse_stem_kernel(const JsonFields &fields, Architecture *architecture) {
    architecture->stem_kernel_set = fields.has("stem_kernel");
    if (architecture->involution)
        return fields.odd("stem_kernel", kMaxKernel, &architecture->stem_kernel);
    architecture->stem_kernel = kResNetStemKernel;
    int64_t stated = 0;
    if (!fields.integer("stem_kernel", kResNetStemKernel, kResNetStemKernel, &stated).ok())
        return fields.must_be("stem_kernel", "7 for a resnet");
    return {};
}

Status parse_involution(const JsonFields &fields, Architecture *architecture) {
    Architecture &a = *architecture;
    INVOLUTE_RETURN_IF_ERROR(fields.odd("kernel", kMaxKernel, &a.kernel));
    INVOLUTE_RETURN_IF_ERROR(
        fields.integer("group_channels", 0, 8 * kMaxBaseChannels, &a.group_channels));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("reduction", 0, 8 * kMaxBaseChannels, &a.reduction));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("dilation", 1, kMaxDilation, &a.dilation));
    return {};
}

// Channels of each involution must fall into whole groups and a whole bottleneck. Later stages have
// multiples of base_channels, so the first says it all.
Status check_divisors(const Architecture &a) {
    if (a.stem_channels % 2 != 0)
        return invalid("stem_channels must be even, found " + std::to_string(a.stem_channels));
    const struct {
        const char *key;
        int64_t value;
        int64_t factor;
    } widths[] = {{"base_channels", a.base_channels, 1}, {"stem_channels", a.stem_channels, 2}};
    const struct {
        const char *key;
        int64_t value;
    } divisors[] = {{"group_channels", a.group_channels}, {"reduction", a.reduction}};
    for (const auto &width : widths)
        for (const auto &divisor : divisors)
            if (divisor.value != 0 && width.value % (width.factor * divisor.value) != 0)
                return invalid(std::string(width.key) + " must be a multiple of " +
                               (width.factor == 2 ? "2 * " : "") + divisor.key + " = " +
                               std::to_string(width.factor * divisor.value) + ", found " +
                               std::to_string(width.value));
    return {};
}

Status parse_labels(const JsonFields &fields, Architecture *architecture) {
    INVOLUTE_RETURN_IF_ERROR(fields.strings("labels", &architecture->labels));
    const size_t found = architecture->labels.size();
    if (fields.has("labels") && found != static_cast<size_t>(architecture->classes))
        return invalid("labels must have one string a class (classes = " +
                       std::to_string(architecture->classes) + "), found " + std::to_string(found));
    return {};
}

Status parse_object(const std::string &text, Architecture *architecture) {
    Architecture &a = *architecture;
    JsonFields fields;
    INVOLUTE_RETURN_IF_ERROR(fields.parse(text, "architecture"));
    INVOLUTE_RETURN_IF_ERROR(parse_kind(fields, &a));
    std::vector<std::string> known = kCommonKeys;
    if (a.involution)
        known.insert(known.end(), kInvolutionKeys.begin(), kInvolutionKeys.end());
    INVOLUTE_RETURN_IF_ERROR(fields.only(known, a.involution ? "a rednet" : "a resnet"));
    INVOLUTE_RETURN_IF_ERROR(parse_blocks(fields, &a));
    INVOLUTE_RETURN_IF_ERROR(fields.integer("classes", 1, kMaxClasses, &a.classes));
    INVOLUTE_RETURN_IF_ERROR(
        fields.integer("base_channels", 1, kMaxBaseChannels, &a.base_channels));
    INVOLUTE_RETURN_IF_ERROR(
        fields.integer("stem_channels", 1, kMaxStemChannels, &a.stem_channels));
    INVOLUTE_RETURN_IF_ERROR(parse_stem_kernel(fields, &a));
    if (a.involution) {
        INVOLUTE_RETURN_IF_ERROR(parse_involution(fields, &a));
        INVOLUTE_RETURN_IF_ERROR(check_divisors(a));
    }
    INVOLUTE_RETURN_IF_ERROR(parse_labels(fields, &a));
    INVOLUTE_RETURN_IF_ERROR(fields.object("preprocessing", &a.preprocessing));
    Preprocessing unused;
    return parse_preprocessing(a.preprocessing, &unused);
}

} // namespace

const std::vector<std::string> &network_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const char *kind : {"rednet", "resnet"})
            for (const Depth &row : kDepths)
                all.push_back(kind + std::to_string(row.depth));
        return all;
    }();
    return names;
}

Status parse_architecture(const std::string &text, Architecture *architecture) {
    Architecture parsed;
    parsed.preprocessing = kImageNet;
    const size_t first = text.find_first_not_of(" \t\r\n");
    const bool is_name = first != std::string::npos && std::isalnum(text[first] & 0xff);
    INVOLUTE_RETURN_IF_ERROR(is_name ? parse_name(text, &parsed) : parse_object(text, &parsed));
    *architecture = std::move(parsed);
    return {};
}

std::string architecture_json(const Architecture &a) {
    nlohmann::ordered_json json;
    json["kind"] = a.involution ? "rednet" : "resnet";
    for (const Depth &row : kDepths)
        if (row.blocks == a.blocks)
            json["depth"] = row.depth;
    json["blocks"] = a.blocks;
    json["classes"] = a.classes;
    json["base_channels"] = a.base_channels;
    json["stem_channels"] = a.stem_channels;
    json["stem_kernel"] = a.stem_kernel;
    if (a.involution) {
        json["kernel"] = a.kernel;
        json["group_channels"] = a.group_channels;
        json["reduction"] = a.reduction;
        json["dilation"] = a.dilation;
    }
    if (!a.labels.empty())
        json["labels"] = a.labels;
    json["preprocessing"] = nlohmann::ordered_json::parse(a.preprocessing);
    return json.dump();
}

} // namespace involute
