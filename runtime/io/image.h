// Pictures from files: JPEG, PNG and PPM, told apart by their first bytes. Nothing in a file is
// trusted; the number of pixels is capped before memory is taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace involute {

inline constexpr int64_t kMaxPixels = int64_t{64} << 20;

struct Image {
    int64_t width = 0, height = 0;
    std::vector<uint8_t> rgb; // interleaved, rows from the top
};

// With the EXIF orientation of a JPEG applied. Errors name the path.
Status read_image(const std::string &path, Image *image);

// The decoders; messages are without the path. PNG: 16-bit values are cut to 8 bits, alpha is
// dropped.
Status decode_jpeg(const std::vector<uint8_t> &file, Image *image);
Status decode_png(const std::vector<uint8_t> &file, Image *image);
Status decode_ppm(const std::vector<uint8_t> &file, Image *image);

// Refuses empty and absurdly large pictures.
Status check_pixels(int64_t width, int64_t height);

// Turns and mirrors by an EXIF orientation, 1 to 8.
void orient(int orientation, Image *image);

} // namespace involute
