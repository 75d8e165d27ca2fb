#include "autotune/ordered_strategy.h"

#include <utility>

namespace involute::autotune {

OrderedStrategy::OrderedStrategy(size_t points, std::vector<uint32_t> order)
    : order_(std::move(order)), seen_(points, false) {}

std::vector<size_t> OrderedStrategy::propose(size_t count) {
    std::vector<size_t> proposals;
    for (; next_ < order_.size() && proposals.size() < count; ++next_) {
        const size_t point = order_[next_];
        if (!seen_[point])
            proposals.push_back(point);
        seen_[point] = true;
    }
    return proposals;
}

void OrderedStrategy::tell(size_t point, double cost) {
    check_told(seen_.size(), point, cost);
    seen_[point] = true;
}

} // namespace involute::autotune
