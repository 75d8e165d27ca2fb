// Strict reading of one JSON object that a stranger wrote: every key must be known, have the right
// type and lie in its range, and no key may come twice. Errors name the key, what is allowed and
// what was found. Used for architectures, single operators and the preprocessing of pictures.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/status.h"

namespace involute {

class JsonFields {
public:
    // `subject` ("architecture", "operator") starts every message.
    Status parse(const std::string &text, const char *subject);

    bool has(const char *key) const;
    bool is_array(const char *key) const;
    // Absent keys leave `value` as it is.
    Status integer(const char *key, int64_t minimum, int64_t maximum, int64_t *value) const;
    Status odd(const char *key, int64_t maximum, int64_t *value) const;
    Status boolean(const char *key, bool *value) const;
    Status string(const char *key, std::string *value) const;
    // Exactly `count` integers in [minimum, maximum].
    Status integers(const char *key, size_t count, int64_t minimum, int64_t maximum,
                    std::vector<int64_t> *values) const;
    Status strings(const char *key, std::vector<std::string> *values) const;
    // Exactly `count` numbers that a float holds in [minimum, maximum]; integers are numbers too.
    Status numbers(const char *key, size_t count, float minimum, float maximum,
                   float *values) const;
    // The text of an object, "" when absent.
    Status object(const char *key, std::string *text) const;
    // Fails at the first key that is not in `known`; `whose` says what has the known ones.
    Status only(const std::vector<std::string> &known, const std::string &whose) const;

    // "<subject>: <key> must be <expected>, found <value>".
    Status must_be(const char *key, const std::string &expected) const;

private:
    const nlohmann::json *find(const char *key) const;

    nlohmann::json json_;
    std::string subject_;
};

// The JSON text of a value, cut to a length that fits a message.
std::string shown(const nlohmann::json &value);

// "a, b, c".
std::string joined(const std::vector<std::string> &words);

} // namespace involute
