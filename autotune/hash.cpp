#include "autotune/hash.h"

#include <cstdio>

namespace involute::autotune {

std::string hash_of_text(const std::string &text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return digits;
}

std::string hash_of_values(const float *values, int64_t count) {
    return hash_of_text(
        {reinterpret_cast<const char *>(values), static_cast<size_t>(count) * sizeof(float)});
}

} // namespace involute::autotune
