// `involute compare --peers`: the comparison with other engines that bench/peers makes.
#pragma once

#include "compare_cases.h"

namespace involute {

int compare_peers(const CompareOptions &options);

} // namespace involute
