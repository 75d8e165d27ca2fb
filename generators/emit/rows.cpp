#include "generators/emit/rows.h"

namespace involute::emit {

const std::vector<Row> &rows() {
    static const std::vector<Row> table = {
#define INVOLUTE_ROW(name, op, form, ...) {#name, #op, #form, __VA_ARGS__},
#include "generators/inventory.def"
#undef INVOLUTE_ROW
    };
    return table;
}

} // namespace involute::emit
