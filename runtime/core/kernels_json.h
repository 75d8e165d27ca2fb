// The table of kernels as JSON.
#pragma once

#include <string>

namespace involute {

std::string kernels_json();

} // namespace involute
