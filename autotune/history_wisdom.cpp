// What a history has found, and the union of two.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "autotune/history_rows.h"

namespace involute::autotune {

namespace {

// All that is known of a shape. Sorted containers, so that the order of rows does not matter.
struct Evidence {
    std::map<std::string, std::map<std::string, std::vector<double>>> ratios; // by cost, knobs
    std::map<std::string, std::set<std::string>> imports;                     // by cost
    std::set<std::string> unsafe;     // knobs that gave a wrong result
    std::map<std::string, int> votes; // of network checks, by knobs
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Calls `visit(key, row)` for each row that has this header; the first columns are the key and the
// hash.
template <typename Visit>
void for_each_row(const Database &database, const WisdomHeader &header, const std::string &columns,
                  const std::string &tables, const Visit &visit) {
    Statement row(database,
                  "SELECT key, hash, " + columns + " FROM " + tables +
                      " JOIN shapes ON shapes.number = shape WHERE halide = ? AND cpu_family = ?",
                  header.halide, header.cpu_family);
    while (row.step()) {
        const TuningKey key = key_in(database, row.text(0));
        const auto hash = header.ops.find(key.op);
        if (hash != header.ops.end() && hash->second == row.text(1))
            visit(key, row);
    }
}

// Time counts before other costs, then they do by name.
template <typename Values>
const std::pair<const std::string, Values> &foremost(const std::map<std::string, Values> &by_cost) {
    const auto time = by_cost.find("time");
    return time == by_cost.end() ? *by_cost.begin() : *time;
}

std::optional<WisdomEntry> conclude(const Database &database, Evidence evidence) {
    const auto passed_over = [&](const std::string &knobs) {
        const auto votes = evidence.votes.find(knobs);
        return evidence.unsafe.count(knobs) != 0 ||
               (votes != evidence.votes.end() && votes->second < 0);
    };
    if (!evidence.ratios.empty()) {
        const auto &[cost, by_knobs] = foremost(evidence.ratios);
        std::string best = "{}";
        double least = 1 - History::kLeastGain;
        for (const auto &[knobs, ratios] : by_knobs) {
            const double ratio = median(ratios);
            if (ratio < least && !passed_over(knobs)) {
                least = ratio;
                best = knobs;
            }
        }
        return entry_in(database, best, cost);
    }
    while (!evidence.imports.empty()) {
        const auto &[cost, imports] = foremost(evidence.imports);
        for (const std::string &knobs : imports) {
            if (!passed_over(knobs))
                return entry_in(database, knobs, cost);
        }
        evidence.imports.erase(std::string(cost));
    }
    return std::nullopt;
}

// That another's rows, of any header, mean something; else they would spoil all that is here.
void check_rows(const Database &database) {
    Statement keys(database, "SELECT key, op FROM shapes");
    while (keys.step()) {
        if (key_in(database, keys.text(0)).op != keys.text(1))
            database.fail("is damaged: the op of a shape");
    }
    Statement entries(database,
                      "SELECT knobs, cost FROM trials UNION SELECT knobs, cost FROM imports "
                      "UNION SELECT knobs, 'time' FROM choices");
    while (entries.step())
        entry_in(database, entries.text(0), entries.text(1));
    Statement outcomes(database, "SELECT DISTINCT outcome FROM trials");
    while (outcomes.step())
        outcome_in(database, outcomes.text(0));
}

class Attached {
public:
    Attached(const Database &database, const Database &other) : database_(database) {
        Statement(database, "ATTACH ? AS other", other.uri()).run();
    }
    ~Attached() {
        sqlite3_exec(database_.handle(), "DETACH other", nullptr, nullptr, nullptr);
    }
    Attached(const Attached &) = delete;
    Attached &operator=(const Attached &) = delete;

private:
    const Database &database_;
};

} // namespace

Wisdom History::wisdom() const {
    const Database &database = state_->database;
    const WisdomHeader &header = state_->header;
    Wisdom wisdom;
    wisdom.header = header;
    const Transaction snapshot(database, Transaction::kRead); // while others write
    std::map<TuningKey, Evidence> shapes;
    for_each_row(database, header, "cost, knobs, outcome, ratio, stage = 'confirm'", "trials",
                 [&](const TuningKey &key, const Statement &row) {
                     const double ratio = row.real(5);
                     switch (outcome_in(database, row.text(4))) {
                     case Outcome::kOk:
                         if (row.integer(6) != 0 && ratio > 0 && std::isfinite(ratio))
                             shapes[key].ratios[row.text(2)][row.text(3)].push_back(ratio);
                         break;
                     case Outcome::kCrashed:
                     case Outcome::kWrong:
                     case Outcome::kChanged:
                         shapes[key].unsafe.insert(row.text(3));
                         break;
                     default:
                         break;
                     }
                 });
    for_each_row(database, header, "knobs, won",
                 "choices JOIN checks ON checks.number = network_check",
                 [&](const TuningKey &key, const Statement &row) {
                     shapes[key].votes[row.text(2)] += row.integer(3) != 0 ? 1 : -1;
                 });
    for_each_row(database, header, "cost, knobs", "imports",
                 [&](const TuningKey &key, const Statement &row) {
                     shapes[key].imports[row.text(2)].insert(row.text(3));
                 });
    for (const auto &[key, evidence] : shapes) {
        if (std::optional<WisdomEntry> entry = conclude(database, evidence))
            wisdom.entries.emplace(key, *std::move(entry));
    }
    return wisdom;
}

std::vector<TuningKey> History::keys() const {
    std::set<TuningKey> keys;
    for_each_row(state_->database, state_->header, "shapes.number",
                 "(SELECT DISTINCT shape FROM trials)",
                 [&](const TuningKey &key, const Statement &) { keys.insert(key); });
    return {keys.begin(), keys.end()};
}

int64_t History::merge(const std::string &other) {
    const Database &database = state_->database;
    std::error_code error;
    if (std::filesystem::equivalent(database.path(), other, error))
        return 0;
    const Database rows(other, history_schema(), true);
    check_rows(rows);
    const Attached attached(database, rows);
    Transaction transaction(database, Transaction::kWrite);
    const int64_t before = count();
    Statement(database, "INSERT INTO shapes (key, op, halide, cpu_family, hash) "
                        "SELECT key, op, halide, cpu_family, hash FROM other.shapes WHERE true "
                        "ON CONFLICT (key, halide, cpu_family, hash) DO NOTHING")
        .run();
    const std::string own_shape =
        " JOIN other.shapes AS theirs ON theirs.number = row.shape JOIN main.shapes AS own "
        "ON own.key = theirs.key AND own.halide = theirs.halide AND "
        "own.cpu_family = theirs.cpu_family AND own.hash = theirs.hash ";
    const std::string columns = "id, cost, knobs, stage, outcome, reason, minimum, quartile1, "
                                "median, quartile3, incumbent, ratio, worst_error, build_seconds, "
                                "code_bytes, strategy, seed";
    Statement(database, "INSERT INTO trials (shape, " + columns + ") SELECT own.number, " +
                            columns + " FROM other.trials AS row" + own_shape +
                            "WHERE true ORDER BY row.number ON CONFLICT (id) DO NOTHING")
        .run();
    Statement(database, "INSERT INTO checks (id, model, ratio, won) "
                        "SELECT id, model, ratio, won FROM other.checks WHERE true "
                        "ORDER BY number ON CONFLICT (id) DO NOTHING")
        .run();
    Statement(database, "INSERT INTO choices (network_check, shape, knobs) "
                        "SELECT mine.number, own.number, row.knobs FROM other.choices AS row "
                        "JOIN other.checks AS made ON made.number = row.network_check "
                        "JOIN main.checks AS mine ON mine.id = made.id" +
                            own_shape + "WHERE true ON CONFLICT (network_check, shape) DO NOTHING")
        .run();
    Statement(database, "INSERT INTO imports (shape, cost, knobs) "
                        "SELECT own.number, row.cost, row.knobs FROM other.imports AS row" +
                            own_shape + "WHERE true ON CONFLICT (shape, cost, knobs) DO NOTHING")
        .run();
    const int64_t added = count() - before;
    transaction.commit();
    return added;
}

} // namespace involute::autotune
