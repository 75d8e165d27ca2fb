#include "autotune/algorithms.h"

#include "autotune/op_knobs.h"
#include "autotune/spaces.h"

namespace involute::autotune {

const std::map<std::string, std::string> &op_hashes() {
    static const std::map<std::string, std::string> hashes = [] {
        const std::map<std::string, std::string> algorithms = {
#include "algorithm_hashes.inc"
        };
        std::map<std::string, std::string> all;
        for (const std::string &op : ops_with_knobs())
            all[op] = algorithms.at(op) + "-" + knob_schema(op);
        return all;
    }();
    return hashes;
}

} // namespace involute::autotune
