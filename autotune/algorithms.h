// By what wisdom knows that an op has changed.
#pragma once

#include <map>
#include <string>

namespace involute::autotune {

// By op with knobs: a hash of the sources of its algorithm and of the names and ranges of its
// knobs.
const std::map<std::string, std::string> &op_hashes();

} // namespace involute::autotune
