// Contents told apart by a short text, in names of files and in wisdom.
#pragma once

#include <string>

namespace involute::autotune {

// 16 hexadecimal digits (FNV-1a, 64 bits); no protection against who wants two to be alike.
std::string hash_of_text(const std::string &text);

} // namespace involute::autotune
