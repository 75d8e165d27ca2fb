// The tables that `involute bench` prints for people.
#pragma once

#include <string>
#include <vector>

#include "network.h"

namespace involute {

// "involution c64 k7 s1", or the name of the network.
std::string bench_name(const Json &row);
// "rednet50, 224x224, batch 1, avx2"
std::string bench_heading(const Json &row);

// Networks and operators, and under it a table for each one that was profiled.
std::string printed_measurements(const std::vector<Json> &rows);

} // namespace involute
