// The smallest pictures of the formats that are read: one grey pixel each, for `doctor` to try.
#pragma once

#include <cstddef>
#include <vector>

namespace involute {

struct SamplePicture {
    const char *format;
    const unsigned char *bytes;
    size_t size;
};
std::vector<SamplePicture> sample_pictures();

} // namespace involute
