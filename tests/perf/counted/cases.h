// The kernel calls whose instructions are counted: the layers of the networks at their sizes, from
// the runtime's own tables, then what networks leave out.
#pragma once

#include <string>
#include <vector>

#include "core/model.h"

namespace involute::perf {

struct Case {
    // op/kernel and stride/channels in-out/size of the input[/what else differs]
    std::string name;
    Graph graph; // of one layer
    int64_t height = 1, width = 1;
    int64_t work = 0; // multiplications and additions, for pools values read
    std::string row;
};

// Every case for `isa`, each name once. With `smallest_only` of each row the case with the least
// work.
Status list_cases(involute_isa isa, bool smallest_only, std::vector<Case> *cases);

// The case with zeros for weights and its kernel from `table`; kernels never branch on values.
Status make_model(const Case &one, KernelTable table, involute_isa isa,
                  std::shared_ptr<const Model> *model);

} // namespace involute::perf
