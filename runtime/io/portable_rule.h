// Tensors from a name and a seed, the same bits in any language. The arithmetic and the spreads are
// those of tests/reference/README.md; nothing is read or stored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/weights.h"

namespace involute {

// Value i of a tensor, i in row-major order of its official shape.
class PortableRule {
public:
    PortableRule(const std::string &name, uint64_t seed, double centre, double half_width);

    float operator[](uint64_t i) const;

private:
    uint64_t key_;
    double centre_, half_width_;
};

struct Spread {
    double centre, half_width;
};

// How a parameter of synthetic weights is spread. `taps` is K*K for the two roles of kernel
// generation.
Spread spread(const std::string &name, const std::vector<int64_t> &shape, WeightRole role,
              int64_t taps);

} // namespace involute
