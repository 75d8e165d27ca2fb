// Contents told apart by a short text, in names of files and in wisdom.
#pragma once

#include <cstdint>
#include <string>

namespace involute::autotune {

// 16 hexadecimal digits (FNV-1a, 64 bits); no protection against who wants two to be alike.
std::string hash_of_text(const std::string &text);

// Of the bits of all values.
std::string hash_of_values(const float *values, int64_t count);

} // namespace involute::autotune
