// Wisdom: the knobs that were found best, by shape. A sorted JSON file without times or dates.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autotune/tuning_key.h"

namespace involute::autotune {

constexpr int kWisdomSchema = 1;
constexpr size_t kMaxWisdomBytes = 16 << 20; // of a file

// What the knobs of a wisdom file were found for.
struct WisdomHeader {
    std::string halide;                // "21.0.0"
    std::string cpu_family;            // "genuineintel-6-143"
    std::vector<std::string> features; // of the CPU, sorted: "avx2", "avx512", "fma", ...
    // By op: a hash of its algorithm and of the names and ranges of its knobs.
    std::map<std::string, std::string> ops;
};

struct WisdomEntry {
    Json knobs;                // {"tile": 6, ...}; {}: the hand schedule's kernel was found best
    std::string cost = "time"; // what they were found by: "time", "instructions"
};

// Throws std::invalid_argument unless the knobs are an object of integers (of 32 bits) and the cost
// is a word of small letters.
void check_entry(const WisdomEntry &entry);
// Of text that may hold anything; JSON with a key twice or nested deeply is an error. Throws
// std::invalid_argument.
Json parse_json(const std::string &text);

enum class Match { kNone, kNearest, kExact };
const char *match_name(Match match); // "none", "nearest", "exact"

class Wisdom {
public:
    WisdomHeader header;
    std::map<TuningKey, WisdomEntry> entries;

    // The exact entry; else the nearest within kFarthest (ties: the first in order); else none.
    // Only entries whose knobs `is_legal` accepts; {} always is.
    struct Found {
        Match match = Match::kNone;
        TuningKey key;
        WisdomEntry entry;
    };
    static constexpr double kFarthest = 2; // a factor of four in all
    Found find(const TuningKey &key, const std::function<bool(const Json &knobs)> &is_legal) const;

    // The header before the entries, which are sorted, one a line; ends in a newline. Of the hashes
    // only those of ops that have entries; equal wisdom is equal text.
    std::string text() const;

    // All or nothing. Throws std::invalid_argument with what is wrong and where: no JSON, a field
    // that is missing, unknown or of another type, a key twice, a knob that is no integer, more
    // than kMaxWisdomBytes, ... Left out with one warning each are, without error: all entries of
    // an unknown schema; all that were found with another Halide; those of an op whose hash is not
    // that of `current`. `warnings` may be nullptr. CPU family and features are as in the text
    // (those of `current` where the schema is unknown), Halide and hashes those of `current`.
    static Wisdom parse(const std::string &text, const WisdomHeader &current,
                        std::vector<std::string> *warnings);

    // Entries of `other` that this has none for. Both are for the same Halide and hashes.
    void add_missing(const Wisdom &other);
};

} // namespace involute::autotune
