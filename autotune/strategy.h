// Which points of a space are tried next. A strategy knows only costs: it neither builds nor
// measures, so that a recorded search can be replayed exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "autotune/knob_space.h"

namespace involute::autotune {

class Strategy {
public:
    virtual ~Strategy() = default;
    // The next points, `count` at most, none of them proposed before; none: the space is exhausted.
    virtual std::vector<size_t> propose(size_t count) = 0;
    // The cost of a point (time over that of the hand schedule; infinity: rejected). Also takes
    // points that were not proposed, such as those of an earlier run, which are then not proposed.
    // Of two costs of a point the later counts. Throws std::invalid_argument where there is no such
    // point, or for a cost that is not above 0.
    virtual void tell(size_t point, double cost) = 0;
};

// Throws as tell() does; for strategies.
void check_told(size_t points, size_t point, double cost);

// The names of all strategies, the default first: "model", "random", "exhaustive".
const std::vector<std::string> &strategy_names();

// `starts` are proposed first, in their order; by the model after the usual point. Only points
// whose number is `shard.index` modulo `shard.count` are proposed (the starts too). The same seed
// and costs give the same proposals. Throws std::invalid_argument for a name, a start or a shard
// that does not exist. `space` must live as long as the strategy.
struct Shard {
    size_t index = 0, count = 1;
};
std::unique_ptr<Strategy> make_strategy(const std::string &name, const KnobSpace &space,
                                        const std::vector<size_t> &starts, uint64_t seed,
                                        Shard shard = {});

} // namespace involute::autotune
