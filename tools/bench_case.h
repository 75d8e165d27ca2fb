// Measures one row of `involute bench`.
#pragma once

#include <vector>

#include "bench_options.h"

namespace involute {

// The row with every field of the JSON output and, for a profile, a row for each layer after it.
std::vector<Json> measure(const BenchCase &which);

} // namespace involute
