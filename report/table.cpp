#include "report/table.h"

#include <cmath>
#include <map>

namespace involute::report {

Column text_column(const std::string &title) {
    return {title};
}

Column code_column(const std::string &title) {
    return {title, CellType::kCode};
}

Column number_column(const std::string &title, const std::string &unit, Digits digits, Best best) {
    return {title, CellType::kNumber, unit, digits, best};
}

Column percent_column(const std::string &title, int count, Best best) {
    return {title, CellType::kPercent, "", decimals(count), best};
}

std::string cell_text(const Column &column, const Cell &cell) {
    if (cell.is_text())
        return cell.text();
    return column.type == CellType::kPercent ? percent_text(cell.number(), column.digits.count)
                                             : number_text(cell.number(), column.digits);
}

std::vector<std::vector<bool>> best_cells(const Table &table) {
    const size_t columns = table.columns.size();
    std::vector<std::vector<bool>> best(table.rows.size(), std::vector<bool>(columns, false));
    // A row takes part in a column with a number in it.
    const auto value = [&](const Row &row, size_t column) {
        const bool counts = row.status == Status::kOk && column < row.cells.size();
        return counts ? row.cells[column].number() : std::numeric_limits<double>::quiet_NaN();
    };
    std::vector<std::string> groups;
    for (const Row &row : table.rows) {
        std::string group;
        for (size_t column : table.best_within)
            if (column < row.cells.size() && column < columns)
                group += cell_text(table.columns[column], row.cells[column]) + '\n';
        groups.push_back(group);
    }
    for (size_t column = 0; column < columns; ++column) {
        if (table.columns[column].best == Best::kNone)
            continue;
        const double sign = table.columns[column].best == Best::kLowest ? 1 : -1;
        std::map<std::string, double> lowest;
        std::map<std::string, int> members;
        for (size_t i = 0; i < table.rows.size(); ++i) {
            const double number = sign * value(table.rows[i], column);
            if (std::isnan(number))
                continue;
            const auto [at, first] = lowest.emplace(groups[i], number);
            at->second = first ? number : std::min(at->second, number);
            ++members[groups[i]];
        }
        for (size_t i = 0; i < table.rows.size(); ++i) {
            const double number = sign * value(table.rows[i], column);
            // The only one of its group is not worth a mark.
            best[i][column] =
                !std::isnan(number) && members[groups[i]] > 1 && number == lowest[groups[i]];
        }
    }
    return best;
}

} // namespace involute::report
