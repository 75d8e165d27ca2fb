// The table of kernels as JSON, for involute_kernels_json. Apart from the registry, which knows no
// JSON.
#pragma once

#include <string>

namespace involute {

std::string kernels_json();

} // namespace involute
