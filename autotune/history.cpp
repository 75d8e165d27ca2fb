#include "autotune/history.h"

#include <stdexcept>
#include <utility>

#include <sys/random.h>

#include "autotune/history_rows.h"

namespace involute::autotune {

namespace {

// The same in every history that a row is merged into, and nowhere else. Not SQLite's own random
// numbers: a process and its fork() may share those.
std::string random_id() {
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        throw std::runtime_error("no random numbers from the system");
    std::string id;
    for (const unsigned char byte : bytes)
        id += {"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
    return id;
}

int64_t changes(const Database &database) {
    Statement statement(database, "SELECT changes()");
    statement.step();
    return statement.integer(0);
}

// `shapes`: a condition on shapes with one parameter, `value`.
int64_t forget_shapes(const Database &database, const std::string &shapes,
                      const std::string &value) {
    Transaction transaction(database, Transaction::kWrite);
    int64_t forgotten = 0;
    const std::string of_shapes =
        " WHERE shape IN (SELECT number FROM shapes WHERE " + shapes + ")";
    Statement(database, "DELETE FROM choices" + of_shapes, value).run();
    for (const char *table : {"trials", "imports"}) {
        Statement(database, std::string("DELETE FROM ") + table + of_shapes, value).run();
        forgotten += changes(database);
    }
    Statement(database,
              "DELETE FROM checks WHERE number NOT IN (SELECT network_check FROM choices)")
        .run();
    forgotten += changes(database);
    Statement(database, "DELETE FROM shapes WHERE " + shapes, value).run();
    transaction.commit();
    return forgotten;
}

} // namespace

const char *outcome_name(Outcome outcome) {
    switch (outcome) {
    case Outcome::kOk:
        return "ok";
    case Outcome::kRefused:
        return "refused";
    case Outcome::kCrashed:
        return "crashed";
    case Outcome::kTimedOut:
        return "timed out";
    case Outcome::kOutOfMemory:
        return "out of memory";
    case Outcome::kWrong:
        return "wrong";
    case Outcome::kChanged:
        return "changed";
    case Outcome::kNoisy:
        return "noisy";
    case Outcome::kFailed:
        return "failed";
    }
    return "?";
}

History::History(std::unique_ptr<State> state) : state_(std::move(state)) {}
History::~History() = default;
History::History(History &&) noexcept = default;

History History::open(const std::string &path, const WisdomHeader &header, bool read_only) {
    return History(
        std::unique_ptr<State>(new State{Database(path, history_schema(), read_only), header}));
}

void History::add(const TuningKey &key, const std::string &cost, const Trial &trial) {
    entry_of_text(trial.knobs, cost);
    const Database &database = state_->database;
    Transaction transaction(database, Transaction::kWrite);
    Statement(database,
              "INSERT INTO trials (id, shape, cost, knobs, stage, outcome, reason, minimum, "
              "quartile1, median, quartile3, incumbent, ratio, worst_error, build_seconds, "
              "code_bytes, strategy, seed) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              random_id(), shape_number(database, key, state_->header), cost, trial.knobs,
              trial.stage, std::string(outcome_name(trial.outcome)), trial.reason, trial.minimum,
              trial.quartile1, trial.median, trial.quartile3, trial.incumbent, trial.ratio,
              trial.worst_error, trial.build_seconds, trial.code_bytes, trial.strategy,
              static_cast<int64_t>(trial.seed))
        .run();
    transaction.commit();
}

void History::add(const NetworkCheck &check) {
    for (const NetworkCheck::Choice &choice : check.choices)
        entry_of_text(choice.knobs, "time");
    const Database &database = state_->database;
    Transaction transaction(database, Transaction::kWrite);
    const std::string id = random_id();
    Statement(database, "INSERT INTO checks (id, model, ratio, won) VALUES (?, ?, ?, ?)", id,
              check.model, check.ratio, int64_t{check.won})
        .run();
    for (const NetworkCheck::Choice &choice : check.choices) {
        Statement(database,
                  "INSERT INTO choices (network_check, shape, knobs) "
                  "SELECT number, ?, ? FROM checks WHERE id = ?",
                  shape_number(database, choice.key, state_->header), choice.knobs, id)
            .run();
    }
    transaction.commit();
}

void History::add(const Wisdom &imported) {
    for (const auto &[key, entry] : imported.entries)
        check_entry(entry);
    const Database &database = state_->database;
    Transaction transaction(database, Transaction::kWrite);
    for (const auto &[key, entry] : imported.entries) {
        Statement(database,
                  "INSERT INTO imports (shape, cost, knobs) VALUES (?, ?, ?) "
                  "ON CONFLICT (shape, cost, knobs) DO NOTHING",
                  shape_number(database, key, imported.header), entry.cost, entry.knobs.dump())
            .run();
    }
    transaction.commit();
}

std::vector<Trial> History::trials(const TuningKey &key, const std::string &cost) const {
    const Database &database = state_->database;
    const WisdomHeader &header = state_->header;
    std::vector<Trial> trials;
    const auto hash = header.ops.find(key.op);
    if (hash == header.ops.end())
        return trials;
    Statement rows(database,
                   "SELECT knobs, stage, outcome, reason, minimum, quartile1, median, quartile3, "
                   "incumbent, ratio, worst_error, build_seconds, code_bytes, strategy, seed "
                   "FROM trials JOIN shapes ON shapes.number = trials.shape "
                   "WHERE key = ? AND halide = ? AND cpu_family = ? AND hash = ? AND cost = ? "
                   "ORDER BY trials.number",
                   to_json(key).dump(), header.halide, header.cpu_family, hash->second, cost);
    while (rows.step()) {
        Trial trial;
        trial.knobs = rows.text(0);
        entry_in(database, trial.knobs, cost);
        trial.stage = rows.text(1);
        trial.outcome = outcome_in(database, rows.text(2));
        trial.reason = rows.text(3);
        int column = 4;
        for (double *value :
             {&trial.minimum, &trial.quartile1, &trial.median, &trial.quartile3, &trial.incumbent,
              &trial.ratio, &trial.worst_error, &trial.build_seconds})
            *value = rows.real(column++);
        trial.code_bytes = rows.integer(12);
        trial.strategy = rows.text(13);
        trial.seed = static_cast<uint64_t>(rows.integer(14));
        trials.push_back(std::move(trial));
    }
    return trials;
}

int64_t History::count() const {
    Statement statement(state_->database, "SELECT count(*) FROM trials");
    statement.step();
    return statement.integer(0);
}

int64_t History::forget(const TuningKey &key) {
    return forget_shapes(state_->database, "key = ?1", to_json(key).dump());
}

int64_t History::forget(const std::string &op) {
    return forget_shapes(state_->database, "(?1 = '' OR op = ?1)", op);
}

} // namespace involute::autotune
