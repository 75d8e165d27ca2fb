// Inside of History: its tables, and what their rows mean.
#pragma once

#include <string>

#include "autotune/database.h"
#include "autotune/history.h"

namespace involute::autotune {

struct History::State {
    Database database;
    WisdomHeader header;
};

const DatabaseSchema &history_schema();

// The number of its row, which is made where it is missing. Throws std::invalid_argument where the
// header has no hash of the key's op.
int64_t shape_number(const Database &database, const TuningKey &key, const WisdomHeader &header);

// Throws std::invalid_argument unless they are what wisdom holds, as to_json(...).dump() gives it.
WisdomEntry entry_of_text(const std::string &knobs, const std::string &cost);

// What a row holds; any bytes may stand there. Throw std::runtime_error naming the file.
TuningKey key_in(const Database &database, const std::string &key);
WisdomEntry entry_in(const Database &database, const std::string &knobs, const std::string &cost);
Outcome outcome_in(const Database &database, const std::string &name);

} // namespace involute::autotune
