#include "autotune/strategy.h"

#include <stdexcept>

#include "autotune/model_strategy.h"
#include "autotune/ordered_strategy.h"
#include "autotune/random.h"

namespace involute::autotune {

void check_told(size_t points, size_t point, double cost) {
    if (point >= points)
        throw std::invalid_argument("no point " + std::to_string(point) + " of " +
                                    std::to_string(points));
    if (!(cost > 0))
        throw std::invalid_argument("a cost of " + std::to_string(cost));
}

const std::vector<std::string> &strategy_names() {
    static const std::vector<std::string> names = {"model", "random", "exhaustive"};
    return names;
}

std::unique_ptr<Strategy> make_strategy(const std::string &name, const KnobSpace &space,
                                        const std::vector<size_t> &starts, uint64_t seed,
                                        Shard shard) {
    if (shard.index >= shard.count)
        throw std::invalid_argument("shard " + std::to_string(shard.index) + " of " +
                                    std::to_string(shard.count));
    for (size_t start : starts) {
        if (start >= space.size())
            throw std::invalid_argument("start " + std::to_string(start) + " of " +
                                        std::to_string(space.size()) + " points");
    }
    if (name == "model")
        return std::make_unique<ModelStrategy>(space, starts, seed, shard);
    if (name != "random" && name != "exhaustive")
        throw std::invalid_argument("no strategy is called " + name);

    std::vector<uint32_t> order;
    for (size_t point = shard.index; point < space.size(); point += shard.count)
        order.push_back(static_cast<uint32_t>(point));
    if (name == "random")
        Random(seed).draw_to_front(order, order.size());
    std::vector<uint32_t> first;
    for (size_t start : starts) {
        if (start % shard.count == shard.index)
            first.push_back(static_cast<uint32_t>(start));
    }
    order.insert(order.begin(), first.begin(), first.end());
    return std::make_unique<OrderedStrategy>(space.size(), std::move(order));
}

} // namespace involute::autotune
