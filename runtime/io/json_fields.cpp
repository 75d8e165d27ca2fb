// The strict reader of json_fields.h. nlohmann's parser keeps its own stack, so deep nesting costs
// memory in proportion to the text and cannot overflow ours; its printer recurses, so nesting is
// capped before anything is printed.
#include "io/json_fields.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace involute {

namespace {

using nlohmann::json;

constexpr size_t kShown = 60;
constexpr int kMaxDepth = 32;

// True when the value is an integer that int64 holds.
bool as_integer(const json &value, int64_t *integer) {
    if (value.is_number_unsigned()) {
        const uint64_t bits = value.get<uint64_t>();
        if (bits > static_cast<uint64_t>(INT64_MAX))
            return false;
        *integer = static_cast<int64_t>(bits);
        return true;
    }
    if (!value.is_number_integer())
        return false;
    *integer = value.get<int64_t>();
    return true;
}

std::string range(int64_t minimum, int64_t maximum) {
    return "from " + std::to_string(minimum) + " to " + std::to_string(maximum);
}

} // namespace

std::string shown(const json &value) {
    std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    if (text.size() > kShown)
        text = text.substr(0, kShown) + "...";
    return text;
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

Status JsonFields::parse(const std::string &text, const char *subject) {
    subject_ = subject;
    std::set<std::string> seen;
    std::string repeated;
    bool too_deep = false;
    // A repeated key would silently win over the first.
    const json::parser_callback_t watch = [&](int depth, json::parse_event_t event, json &parsed) {
        if (event == json::parse_event_t::key && depth == 1 && parsed.is_string())
            if (!seen.insert(parsed.get<std::string>()).second && repeated.empty())
                repeated = shown(parsed);
        too_deep = too_deep || depth > kMaxDepth;
        return depth <= kMaxDepth; // what lies deeper is dropped
    };
    try {
        json_ = json::parse(text, watch);
    } catch (const json::exception &problem) {
        std::string what = problem.what();
        const size_t end_of_id = what.find("] ");
        if (end_of_id != std::string::npos)
            what = what.substr(end_of_id + 2);
        std::replace(what.begin(), what.end(), '\n', ' ');
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: not valid JSON: %.300s", subject,
                             what.c_str());
    }
    if (too_deep)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s: must not be nested deeper than %d levels", subject, kMaxDepth);
    if (!json_.is_object())
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: must be a JSON object, found %s",
                             subject, shown(json_).c_str());
    if (!repeated.empty())
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: key %s is there twice", subject,
                             repeated.c_str());
    return {};
}

const json *JsonFields::find(const char *key) const {
    const auto position = json_.find(key);
    return position == json_.end() ? nullptr : &*position;
}

bool JsonFields::is_array(const char *key) const {
    const json *found = find(key);
    return found && found->is_array();
}

bool JsonFields::has(const char *key) const {
    return find(key) != nullptr;
}

Status JsonFields::must_be(const char *key, const std::string &expected) const {
    const json *value = find(key);
    return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: %s must be %s, found %s", subject_.c_str(),
                         key, expected.c_str(), value ? shown(*value).c_str() : "nothing");
}

Status JsonFields::integer(const char *key, int64_t minimum, int64_t maximum,
                           int64_t *value) const {
    const json *found = find(key);
    if (!found)
        return {};
    int64_t number = 0;
    if (!as_integer(*found, &number) || number < minimum || number > maximum)
        return must_be(key, "an integer " + range(minimum, maximum));
    *value = number;
    return {};
}

Status JsonFields::odd(const char *key, int64_t maximum, int64_t *value) const {
    const json *found = find(key);
    if (!found)
        return {};
    int64_t number = 0;
    if (!as_integer(*found, &number) || number < 1 || number > maximum || number % 2 == 0)
        return must_be(key, "an odd integer " + range(1, maximum));
    *value = number;
    return {};
}

Status JsonFields::boolean(const char *key, bool *value) const {
    const json *found = find(key);
    if (!found)
        return {};
    if (!found->is_boolean())
        return must_be(key, "true or false");
    *value = found->get<bool>();
    return {};
}

Status JsonFields::string(const char *key, std::string *value) const {
    const json *found = find(key);
    if (!found)
        return {};
    if (!found->is_string())
        return must_be(key, "a string");
    *value = found->get<std::string>();
    return {};
}

Status JsonFields::integers(const char *key, size_t count, int64_t minimum, int64_t maximum,
                            std::vector<int64_t> *values) const {
    const json *found = find(key);
    if (!found)
        return {};
    const std::string expected =
        "an array of " + std::to_string(count) + " integers " + range(minimum, maximum);
    if (!found->is_array() || found->size() != count)
        return must_be(key, expected);
    std::vector<int64_t> numbers;
    for (const json &element : *found) {
        int64_t number = 0;
        if (!as_integer(element, &number) || number < minimum || number > maximum)
            return must_be(key, expected);
        numbers.push_back(number);
    }
    *values = std::move(numbers);
    return {};
}

Status JsonFields::strings(const char *key, std::vector<std::string> *values) const {
    const json *found = find(key);
    if (!found)
        return {};
    if (!found->is_array())
        return must_be(key, "an array of strings");
    std::vector<std::string> texts;
    for (const json &element : *found) {
        if (!element.is_string())
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "%s: %s must be an array of strings, found %s at place %zu",
                                 subject_.c_str(), key, shown(element).c_str(), texts.size());
        texts.push_back(element.get<std::string>());
    }
    *values = std::move(texts);
    return {};
}

Status JsonFields::numbers(const char *key, size_t count, float minimum, float maximum,
                           float *values) const {
    const json *found = find(key);
    if (!found)
        return {};
    bool valid = found->is_array() && found->size() == count;
    for (size_t i = 0; valid && i < count; i++) {
        const json &element = (*found)[i];
        const double number = element.is_number() ? element.get<double>() : NAN;
        valid = number >= static_cast<double>(minimum) && number <= static_cast<double>(maximum);
    }
    if (!valid) {
        char expected[100];
        std::snprintf(expected, sizeof expected, "an array of %zu numbers from %g to %g", count,
                      static_cast<double>(minimum), static_cast<double>(maximum));
        return must_be(key, expected);
    }
    for (size_t i = 0; i < count; i++)
        values[i] = (*found)[i].get<float>();
    return {};
}

Status JsonFields::object(const char *key, std::string *text) const {
    const json *found = find(key);
    if (!found)
        return {};
    if (!found->is_object())
        return must_be(key, "an object");
    *text = found->dump();
    return {};
}

Status JsonFields::only(const std::vector<std::string> &known, const std::string &whose) const {
    for (const auto &[key, value] : json_.items())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: unknown key %s; %s has %s",
                                 subject_.c_str(), shown(json(key)).c_str(), whose.c_str(),
                                 joined(known).c_str());
    return {};
}

} // namespace involute
