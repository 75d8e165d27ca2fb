// The orientation of a JPEG.
#pragma once

#include <cstddef>
#include <cstdint>

namespace involute {

// The value of tag 0x0112 in an APP1 segment ("Exif\0\0", then TIFF), 1 to 8; 1 where there is none
// or the segment is damaged.
int exif_orientation(const uint8_t *segment, size_t size);

} // namespace involute
