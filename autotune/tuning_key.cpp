#include "autotune/tuning_key.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace involute::autotune {

namespace {

template <typename T>
using Member = std::pair<const char *, T TuningKey::*>;

// The only list of the members; in the order of wisdom.
constexpr auto kMembers = std::make_tuple(
    Member<std::string>("op", &TuningKey::op), Member<std::string>("form", &TuningKey::form),
    Member<std::string>("isa", &TuningKey::isa), Member<std::string>("dtype", &TuningKey::dtype),
    Member<int64_t>("kernel_height", &TuningKey::kernel_height),
    Member<int64_t>("kernel_width", &TuningKey::kernel_width),
    Member<int64_t>("stride", &TuningKey::stride),
    Member<int64_t>("dilation", &TuningKey::dilation),
    Member<int64_t>("upsample", &TuningKey::upsample),
    Member<int64_t>("in_channels", &TuningKey::in_channels),
    Member<int64_t>("out_channels", &TuningKey::out_channels),
    Member<int64_t>("groups", &TuningKey::groups),
    Member<int64_t>("group_channels", &TuningKey::group_channels),
    Member<int64_t>("hidden", &TuningKey::hidden), Member<int64_t>("packing", &TuningKey::packing),
    Member<bool>("generic", &TuningKey::generic), Member<int64_t>("height", &TuningKey::height),
    Member<int64_t>("width", &TuningKey::width), Member<int64_t>("batch", &TuningKey::batch),
    Member<int>("threads", &TuningKey::threads));

template <typename Visit>
void for_each_member(const Visit &visit) {
    std::apply([&](const auto &...member) { (visit(member.first, member.second), ...); }, kMembers);
}

[[noreturn]] void reject(const std::string &field, const std::string &why) {
    throw std::invalid_argument("field \"" + field + "\" of the key " + why);
}

void read(const char *name, const Json &json, std::string &value) {
    if (!json.is_string())
        reject(name, "is no string");
    value = json.get<std::string>();
}

void read(const char *name, const Json &json, bool &value) {
    if (!json.is_boolean())
        reject(name, "is not true or false");
    value = json.get<bool>();
}

template <typename Integer>
void read(const char *name, const Json &json, Integer &value) {
    if (!json.is_number_integer())
        reject(name, "is no integer");
    constexpr int kLargest = std::numeric_limits<int32_t>::max();
    // An unsigned number above the largest int64_t would wrap around in a comparison of ints.
    const bool small = json.is_number_unsigned()
                           ? json.get<uint64_t>() <= uint64_t{kLargest}
                           : json.get<int64_t>() >= 0 && json.get<int64_t>() <= kLargest;
    if (!small)
        reject(name, "is outside of 0 .. " + std::to_string(kLargest));
    value = json.get<Integer>();
}

double octaves(int64_t a, int64_t b) {
    if (a == b)
        return 0;
    if (a <= 0 || b <= 0)
        return std::numeric_limits<double>::infinity();
    return std::abs(std::log2(double(a) / double(b)));
}

} // namespace

bool operator==(const TuningKey &a, const TuningKey &b) {
    bool equal = true;
    for_each_member([&](const char *, auto member) { equal = equal && a.*member == b.*member; });
    return equal;
}

bool operator<(const TuningKey &a, const TuningKey &b) {
    int order = 0; // of the first members that differ
    for_each_member([&](const char *, auto member) {
        if (order == 0 && !(a.*member == b.*member))
            order = a.*member < b.*member ? -1 : 1;
    });
    return order < 0;
}

Json to_json(const TuningKey &key) {
    Json json = Json::object();
    for_each_member([&](const char *name, auto member) { json[name] = key.*member; });
    return json;
}

TuningKey key_from_json(const Json &json) {
    if (!json.is_object())
        throw std::invalid_argument("the key is no object");
    TuningKey key;
    for_each_member([&](const char *name, auto member) {
        const auto field = json.find(name);
        if (field == json.end())
            reject(name, "is missing");
        read(name, *field, key.*member);
    });
    const Json known = to_json(key);
    for (const auto &[name, value] : json.items()) {
        if (!known.contains(name))
            reject(name, "is unknown");
    }
    return key;
}

std::string text_of(const TuningKey &key) {
    const auto number = [](int64_t value) { return std::to_string(value); };
    std::string text = key.op;
    if (key.form != "window" && key.form != "bottleneck")
        text += " " + key.form;
    text += " " + number(key.in_channels);
    if (key.out_channels != key.in_channels && key.out_channels != 0)
        text += "->" + number(key.out_channels);
    text += "@" + number(key.height) + "x" + number(key.width);
    if (key.batch != 1)
        text += " b" + number(key.batch);
    text += " k" + number(key.kernel_height);
    if (key.kernel_width != key.kernel_height)
        text += "x" + number(key.kernel_width);
    text += " s" + number(key.stride);
    if (key.dilation != 1)
        text += " d" + number(key.dilation);
    if (key.upsample != 1)
        text += " u" + number(key.upsample);
    if (key.group_channels != 0)
        text += " g" + number(key.group_channels);
    else if (key.groups != 1)
        text += " in " + number(key.groups) + " groups";
    text += ", " + key.isa;
    if (key.dtype != "f32")
        text += " " + key.dtype;
    return text + ", " + number(key.threads) + (key.threads == 1 ? " thread" : " threads");
}

double distance(const TuningKey &a, const TuningKey &b) {
    const auto fixed = [](const TuningKey &key) {
        return std::tie(key.op, key.form, key.isa, key.dtype, key.kernel_height, key.kernel_width,
                        key.stride, key.dilation, key.upsample, key.groups, key.group_channels,
                        key.packing, key.generic);
    };
    if (fixed(a) != fixed(b))
        return std::numeric_limits<double>::infinity();
    return octaves(a.in_channels, b.in_channels) + octaves(a.out_channels, b.out_channels) +
           octaves(a.hidden, b.hidden) + octaves(a.height, b.height) + octaves(a.width, b.width) +
           octaves(a.batch, b.batch) + octaves(a.threads, b.threads);
}

} // namespace involute::autotune
