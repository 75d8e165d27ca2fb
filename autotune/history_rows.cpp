#include "autotune/history_rows.h"

#include <stdexcept>

namespace involute::autotune {

const DatabaseSchema &history_schema() {
    static const DatabaseSchema schema = {
        0x696e7648, // "invH"
        1,
        {
            "CREATE TABLE shapes (number INTEGER PRIMARY KEY, key TEXT NOT NULL, op TEXT NOT NULL, "
            "halide TEXT NOT NULL, cpu_family TEXT NOT NULL, hash TEXT NOT NULL, "
            "UNIQUE (key, halide, cpu_family, hash)) STRICT",
            // Real numbers that are NULL are not a number.
            "CREATE TABLE trials (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
            "shape INTEGER NOT NULL REFERENCES shapes, cost TEXT NOT NULL, knobs TEXT NOT NULL, "
            "stage TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, minimum REAL, "
            "quartile1 REAL, median REAL, quartile3 REAL, incumbent REAL, ratio REAL, "
            "worst_error REAL, build_seconds REAL, code_bytes INTEGER NOT NULL, "
            "strategy TEXT NOT NULL, seed INTEGER NOT NULL) STRICT",
            "CREATE INDEX trials_of_shape ON trials (shape)",
            "CREATE TABLE checks (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
            "model TEXT NOT NULL, ratio REAL, won INTEGER NOT NULL) STRICT",
            "CREATE TABLE choices (network_check INTEGER NOT NULL REFERENCES checks, "
            "shape INTEGER NOT NULL REFERENCES shapes, knobs TEXT NOT NULL, "
            "UNIQUE (network_check, shape)) STRICT",
            "CREATE TABLE imports (shape INTEGER NOT NULL REFERENCES shapes, cost TEXT NOT NULL, "
            "knobs TEXT NOT NULL, UNIQUE (shape, cost, knobs)) STRICT",
        }};
    return schema;
}

int64_t shape_number(const Database &database, const TuningKey &key, const WisdomHeader &header) {
    const auto hash = header.ops.find(key.op);
    if (hash == header.ops.end())
        throw std::invalid_argument("op \"" + key.op + "\" has no hash");
    const std::string text = to_json(key).dump();
    Statement(database,
              "INSERT INTO shapes (key, op, halide, cpu_family, hash) VALUES (?, ?, ?, ?, ?) "
              "ON CONFLICT (key, halide, cpu_family, hash) DO NOTHING",
              text, key.op, header.halide, header.cpu_family, hash->second)
        .run();
    Statement row(database,
                  "SELECT number FROM shapes WHERE key = ? AND halide = ? AND cpu_family = ? AND "
                  "hash = ?",
                  text, header.halide, header.cpu_family, hash->second);
    if (!row.step())
        database.fail("is damaged: a shape was not stored");
    return row.integer(0);
}

WisdomEntry entry_of_text(const std::string &knobs, const std::string &cost) {
    const WisdomEntry entry = {parse_json(knobs), cost};
    check_entry(entry);
    if (entry.knobs.dump() != knobs)
        throw std::invalid_argument("knobs are not sorted JSON without blanks: " + knobs);
    return entry;
}

TuningKey key_in(const Database &database, const std::string &key) {
    try {
        const TuningKey read = key_from_json(parse_json(key));
        if (to_json(read).dump() == key)
            return read;
    } catch (const std::invalid_argument &error) {
        database.fail(std::string("is damaged: ") + error.what());
    }
    database.fail("is damaged: the text of a key");
}

WisdomEntry entry_in(const Database &database, const std::string &knobs, const std::string &cost) {
    try {
        return entry_of_text(knobs, cost);
    } catch (const std::invalid_argument &error) {
        database.fail(std::string("is damaged: ") + error.what());
    }
}

Outcome outcome_in(const Database &database, const std::string &name) {
    for (int number = 0; number <= static_cast<int>(Outcome::kFailed); ++number) {
        if (name == outcome_name(static_cast<Outcome>(number)))
            return static_cast<Outcome>(number);
    }
    database.fail("is damaged: no such outcome: " + name);
}

} // namespace involute::autotune
