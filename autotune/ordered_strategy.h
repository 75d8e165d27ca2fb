// The strategies that do not look at costs: one order of the points, fixed from the beginning.
#pragma once

#include "autotune/strategy.h"

namespace involute::autotune {

class OrderedStrategy : public Strategy {
public:
    // Points may be named twice in `order`; a later one is passed over.
    OrderedStrategy(size_t points, std::vector<uint32_t> order);

    std::vector<size_t> propose(size_t count) override;
    void tell(size_t point, double cost) override;

private:
    std::vector<uint32_t> order_;
    size_t next_ = 0;        // in order_
    std::vector<bool> seen_; // proposed or told
};

} // namespace involute::autotune
