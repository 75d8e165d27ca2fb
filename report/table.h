// A table of a report: columns with types, cells that may be missing, rows that may have failed or
// may open a code pane. The page sorts by any column; values that are missing stay last.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "report/number.h"

namespace involute::report {

enum class CellType {
    kText,
    kNumber,
    kPercent, // of a fraction: 0.25 reads "25.0%"
    kCode,    // a command or an identifier, in a fixed-width font
};

enum class Best { kNone, kLowest, kHighest };

struct Column {
    std::string title;
    CellType type = CellType::kText;
    std::string unit = {}; // written beside the title
    Digits digits = {};
    Best best = Best::kNone;      // which value is marked; ties are marked together
    std::string explanation = {}; // a sentence, shown when the pointer rests on the title
};
Column text_column(const std::string &title);
Column code_column(const std::string &title);
Column number_column(const std::string &title, const std::string &unit = "", Digits digits = {},
                     Best best = Best::kNone);
Column percent_column(const std::string &title, int decimals = 1, Best best = Best::kNone);

// A text, a number, or nothing: `Cell()`, NaN.
class Cell {
public:
    Cell() = default;
    Cell(std::string text) : text_(std::move(text)), is_text_(true) {}
    Cell(const char *text) : text_(text), is_text_(true) {}
    template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
    Cell(T number) : number_(static_cast<double>(number)) {}

    bool is_text() const {
        return is_text_;
    }
    bool missing() const {
        return !is_text_ && number_ != number_;
    }
    const std::string &text() const {
        return text_;
    }
    double number() const { // NaN for a text
        return number_;
    }

private:
    std::string text_;
    double number_ = std::numeric_limits<double>::quiet_NaN();
    bool is_text_ = false;
};

enum class Status { kOk, kFailed, kSkipped };

struct Row {
    std::vector<Cell> cells; // fewer than columns: the others are missing
    Status status = Status::kOk;
    std::string reason = {};  // "failed: " and "skipped: " are written before it
    std::string open = {};    // the entry of the page's code that this row opens
    bool highlighted = false; // the row others are compared with
};

struct Table {
    std::string caption;
    std::vector<Column> columns;
    std::vector<Row> rows = {};
    // The best value is the best of the rows that have the same cells in these columns; none: of
    // the whole table. Rows that are not kOk take no part.
    std::vector<size_t> best_within = {};
    bool filter = false; // a box that keeps the rows with a text, whatever the number of rows
    std::string empty = "No rows."; // what is said instead of a table without rows
};

// What a cell says; the missing sign for a cell that is not there.
std::string cell_text(const Column &column, const Cell &cell);
// best[row][column]
std::vector<std::vector<bool>> best_cells(const Table &table);

} // namespace involute::report
