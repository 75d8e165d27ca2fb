#include "schedules/cpu/column_order.h"

#include <algorithm>
#include <map>

namespace involute::schedules::cpu {

using namespace Halide;
using namespace Halide::Internal;

namespace {

std::vector<Stmt> statements(const Block *block) {
    std::vector<Stmt> all;
    Stmt rest = block;
    while (const auto *more = rest.as<Block>()) {
        all.push_back(more->first);
        rest = more->rest;
    }
    all.push_back(rest);
    return all;
}

// The place of an accumulator that a statement adds to, -1 for other statements. Before it names
// may stand, which are its own.
int64_t accumulator(Stmt statement, const std::string &sum) {
    while (const auto *let = statement.as<LetStmt>()) {
        statement = let->body;
    }
    const auto *store = statement.as<Store>();
    if (store == nullptr || store->name.compare(0, sum.size(), sum) != 0) {
        return -1;
    }
    const auto *vector = store->index.as<Ramp>();
    const auto *place = (vector != nullptr ? vector->base : store->index).as<IntImm>();
    return place != nullptr ? place->value : -1;
}

} // namespace

Stmt ColumnOrder::visit(const Block *block) {
    const std::vector<Stmt> all = statements(block);
    std::map<int64_t, int64_t> taps; // so far, of every accumulator
    std::vector<std::pair<int64_t, Stmt>> by_column;
    for (const Stmt &statement : all) {
        const int64_t place = accumulator(statement, sum_);
        if (place < 0) {
            return IRMutator::visit(block);
        }
        by_column.emplace_back(columns_ * (place / channels_) + taps[place]++, statement);
    }
    std::stable_sort(by_column.begin(), by_column.end(),
                     [](const auto &a, const auto &b) { return a.first < b.first; });
    std::vector<Stmt> ordered;
    for (const auto &[column, statement] : by_column) {
        ordered.push_back(statement);
    }
    return Block::make(ordered);
}

} // namespace involute::schedules::cpu
