#include "autotune/wisdom.h"

#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

namespace involute::autotune {

namespace {

constexpr size_t kDeepest = 8; // of objects and arrays in each other

[[noreturn]] void reject(const std::string &why) {
    throw std::invalid_argument(why);
}

// The field's value; `where` names its object.
const Json &field(const Json &object, const char *name, Json::value_t type,
                  const std::string &where) {
    const auto found = object.find(name);
    if (found == object.end())
        reject("field \"" + std::string(name) + "\" of " + where + " is missing");
    if (found->type() != type)
        reject("field \"" + std::string(name) + "\" of " + where +
               " is of another type: " + found->type_name());
    return *found;
}

std::string string_field(const Json &object, const char *name, const std::string &where) {
    return field(object, name, Json::value_t::string, where).get<std::string>();
}

void check_fields(const Json &object, const std::set<std::string> &known,
                  const std::string &where) {
    for (const auto &[name, value] : object.items()) {
        if (known.count(name) == 0)
            reject("field \"" + name + "\" of " + where + " is unknown");
    }
}

WisdomHeader parse_header(const Json &json) {
    WisdomHeader header;
    header.halide = string_field(json, "halide", "the header");
    const Json &cpu = field(json, "cpu", Json::value_t::object, "the header");
    check_fields(cpu, {"family", "features"}, "\"cpu\"");
    header.cpu_family = string_field(cpu, "family", "\"cpu\"");
    for (const Json &feature : field(cpu, "features", Json::value_t::array, "\"cpu\"")) {
        if (!feature.is_string())
            reject("one of the features of \"cpu\" is no string");
        header.features.push_back(feature.get<std::string>());
    }
    const Json &ops = field(json, "ops", Json::value_t::object, "the header");
    for (const auto &[op, hash] : ops.items()) {
        if (!hash.is_string())
            reject("the hash of op \"" + op + "\" is no string");
        header.ops[op] = hash.get<std::string>();
    }
    return header;
}

std::pair<TuningKey, WisdomEntry> parse_entry(const Json &json, const std::string &where) {
    if (!json.is_object())
        reject(where + " is no object");
    check_fields(json, {"key", "knobs", "cost"}, where);
    try {
        const TuningKey key = key_from_json(field(json, "key", Json::value_t::object, where));
        const WisdomEntry entry = {field(json, "knobs", Json::value_t::object, where),
                                   string_field(json, "cost", where)};
        check_entry(entry);
        return {key, entry};
    } catch (const std::invalid_argument &error) {
        const std::string why = error.what();
        reject(why.find(where) == std::string::npos ? where + ": " + why : why);
    }
}

std::string hash_of(const WisdomHeader &header, const std::string &op) {
    const auto found = header.ops.find(op);
    return found == header.ops.end() ? "" : found->second;
}

} // namespace

void check_entry(const WisdomEntry &entry) {
    const bool word =
        entry.cost.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == entry.cost.npos;
    if (entry.cost.empty() || !word)
        reject("the cost is no word of small letters");
    if (!entry.knobs.is_object())
        reject("knobs are no object");
    for (const auto &[name, value] : entry.knobs.items()) {
        const std::string knob = "knob \"" + name + "\" ";
        if (!value.is_number_integer())
            reject(knob + "is no integer");
        using Limits = std::numeric_limits<int32_t>;
        const bool small =
            value.is_number_unsigned()
                ? value.get<uint64_t>() <= uint64_t{Limits::max()}
                : value.get<int64_t>() >= Limits::min() && value.get<int64_t>() <= Limits::max();
        if (!small)
            reject(knob + "has more than 32 bits");
    }
}

Json parse_json(const std::string &text) {
    std::vector<std::set<std::string>> names; // of the objects that are open
    size_t depth = 0;
    const auto watch = [&](int, Json::parse_event_t event, Json &parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) {
            if (++depth > kDeepest)
                reject("JSON is nested deeper than " + std::to_string(kDeepest));
        } else if (event == Event::object_end || event == Event::array_end) {
            --depth;
        }
        if (event == Event::object_start)
            names.emplace_back();
        else if (event == Event::object_end)
            names.pop_back();
        else if (event == Event::key && !names.back().insert(parsed.get<std::string>()).second)
            reject("field " + parsed.dump() + " stands twice in an object");
        return true;
    };
    try {
        return Json::parse(text, watch);
    } catch (const Json::exception &error) {
        reject(error.what());
    }
}

const char *match_name(Match match) {
    switch (match) {
    case Match::kNone:
        return "none";
    case Match::kNearest:
        return "nearest";
    case Match::kExact:
        return "exact";
    }
    return "?";
}

Wisdom::Found Wisdom::find(const TuningKey &key,
                           const std::function<bool(const Json &knobs)> &is_legal) const {
    const auto usable = [&](const WisdomEntry &entry) {
        return entry.knobs.empty() || is_legal(entry.knobs);
    };
    const auto exact = entries.find(key);
    if (exact != entries.end() && usable(exact->second))
        return {Match::kExact, exact->first, exact->second};
    Found found;
    double least = std::numeric_limits<double>::infinity();
    for (const auto &[other, entry] : entries) {
        const double apart = distance(key, other);
        if (apart <= kFarthest && apart < least && usable(entry)) {
            least = apart;
            found = {Match::kNearest, other, entry};
        }
    }
    return found;
}

std::string Wisdom::text() const {
    Json ops = Json::object();
    std::string lines;
    for (const auto &[key, entry] : entries) {
        ops[key.op] = hash_of(header, key.op);
        const Json line = {{"key", to_json(key)}, {"knobs", entry.knobs}, {"cost", entry.cost}};
        lines += (lines.empty() ? "\n" : ",\n") + line.dump();
    }
    const Json cpu = {{"family", header.cpu_family}, {"features", header.features}};
    return "{\n\"schema\": " + std::to_string(kWisdomSchema) +
           ",\n\"halide\": " + Json(header.halide).dump() + ",\n\"cpu\": " + cpu.dump() +
           ",\n\"ops\": " + ops.dump() + ",\n\"entries\": [" + lines + "\n]\n}\n";
}

Wisdom Wisdom::parse(const std::string &text, const WisdomHeader &current,
                     std::vector<std::string> *warnings) {
    const auto warn = [&](const std::string &warning) {
        if (warnings)
            warnings->push_back(warning);
    };
    if (text.size() > kMaxWisdomBytes)
        reject("wisdom is larger than " + std::to_string(kMaxWisdomBytes) + " bytes");
    const Json json = parse_json(text);
    if (!json.is_object())
        reject("wisdom is no object");
    Wisdom wisdom;
    wisdom.header = current;
    const auto schema = json.find("schema");
    if (schema == json.end() || !schema->is_number_integer())
        reject("field \"schema\" of the header is missing or no integer");
    if (*schema != kWisdomSchema) {
        warn("wisdom of schema " + schema->dump() + " is left out; this version reads " +
             std::to_string(kWisdomSchema));
        return wisdom;
    }
    check_fields(json, {"schema", "halide", "cpu", "ops", "entries"}, "the header");
    const WisdomHeader header = parse_header(json);
    wisdom.header.cpu_family = header.cpu_family;
    wisdom.header.features = header.features;

    size_t number = 0;
    for (const Json &line : field(json, "entries", Json::value_t::array, "the header")) {
        const std::string where = "entry " + std::to_string(++number);
        auto [key, entry] = parse_entry(line, where);
        if (header.ops.count(key.op) == 0)
            reject(where + ": the header has no hash of op \"" + key.op + "\"");
        if (!wisdom.entries.emplace(key, std::move(entry)).second)
            reject(where + ": its key stands twice: " + text_of(key));
    }
    if (header.halide != current.halide) {
        warn("wisdom found with Halide " + header.halide + " is left out; this is Halide " +
             current.halide);
        wisdom.entries.clear();
    }
    std::set<std::string> stale;
    for (auto entry = wisdom.entries.begin(); entry != wisdom.entries.end();) {
        const std::string &op = entry->first.op;
        if (header.ops.at(op) == hash_of(current, op)) {
            ++entry;
            continue;
        }
        stale.insert(op);
        entry = wisdom.entries.erase(entry);
    }
    for (const std::string &op : stale)
        warn("wisdom of op " + op + " is left out: its algorithm or knobs have changed");
    return wisdom;
}

void Wisdom::add_missing(const Wisdom &other) {
    entries.insert(other.entries.begin(), other.entries.end());
    header.ops.insert(other.header.ops.begin(), other.header.ops.end());
}

} // namespace involute::autotune
