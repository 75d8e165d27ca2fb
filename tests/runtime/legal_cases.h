// Random legal operators at random sizes through the C interface, compared with the float64 oracle
// under its bound: nothing that the interface calls legal may be refused or wrong.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace involute::legal_cases {

struct Report {
    int64_t passed = 0;
    std::string failure; // of the first case that failed, with its description; "" when all passed
    std::map<std::string, int64_t> rows; // how often each was taken, in any of the layers
};

// The same seed gives the same cases: K 1 to 13 and, where there are some, rectangles, strides 1 to
// 5, dilations 1 to 4, upsampling, both borders, groups of 1 to 64 channels, any reduction, maps
// from 1x1, on every instruction set that runs here and 1 to 3 threads. Stops at the first failure.
Report run(uint64_t seed, int64_t count);

// "12 aggregation_generic, 3 ..."
std::string rows_text(const Report &report);

} // namespace involute::legal_cases
