#include "generators/emit/rows.h"

#include <deque>
#include <sstream>
#include <stdexcept>

namespace involute::emit {

const std::vector<Row> &rows() {
    static const std::vector<Row> table = {
#define INVOLUTE_ROW(name, op, form, ...) {#name, #op, #form, __VA_ARGS__},
#include "generators/inventory.def"
#undef INVOLUTE_ROW
    };
    return table;
}

Row row_from_text(const std::string &text) {
    static std::deque<std::string> words; // what rows point to
    std::istringstream columns(text);
    std::vector<const char *> names;
    std::vector<int> numbers;
    std::string column;
    while (std::getline(columns, column, ',')) {
        column.erase(0, column.find_first_not_of(' '));
        column.erase(column.find_last_not_of(' ') + 1);
        if (names.size() < 3) {
            words.push_back(column);
            names.push_back(words.back().c_str());
        } else if (!column.empty() && column.size() < 8 &&
                   column.find_first_not_of("0123456789") == std::string::npos) {
            numbers.push_back(std::stoi(column));
        } else {
            throw std::runtime_error("row '" + text + "': expected a number, found '" + column +
                                     "'");
        }
    }
    if (numbers.size() != 9) {
        throw std::runtime_error("row '" + text + "': expected name, op, form and nine numbers");
    }
    return {names[0],   names[1],   names[2],   numbers[0], numbers[1], numbers[2],
            numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8]};
}

} // namespace involute::emit
