// Binary PPM (P6) and PGM (P5).
#include <algorithm>

#include "io/image.h"

namespace involute {

namespace {

struct Reader {
    const std::vector<uint8_t> &file;
    size_t at = 2; // behind the magic

    // The next decimal number, spaces and comments skipped; -1 where there is none.
    int64_t number() {
        while (at < file.size()) {
            if (file[at] == '#') {
                while (at < file.size() && file[at] != '\n')
                    at++;
            } else if (file[at] == ' ' || (file[at] >= '\t' && file[at] <= '\r')) {
                at++;
            } else {
                break;
            }
        }
        int64_t value = -1;
        for (; at < file.size() && file[at] >= '0' && file[at] <= '9'; at++) {
            value = (value < 0 ? 0 : value) * 10 + (file[at] - '0');
            if (value > kMaxPixels)
                return -1;
        }
        return value;
    }
};

} // namespace

Status decode_ppm(const std::vector<uint8_t> &file, Image *image) {
    Reader reader{file};
    const int64_t width = reader.number(), height = reader.number(), largest = reader.number();
    if (width < 0 || height < 0 || largest < 1 || largest > 65535)
        return Status::error(INVOLUTE_INVALID_FILE,
                             "damaged PPM: expected width, height and a maximum of 1 to 65535");
    INVOLUTE_RETURN_IF_ERROR(check_pixels(width, height));
    const size_t channels = file[1] == '6' ? 3 : 1, bytes = largest > 255 ? 2 : 1;
    const size_t pixels = static_cast<size_t>(width * height);
    const size_t first = reader.at + 1; // one space ends the header
    if (file.size() < first || file.size() - first < pixels * channels * bytes)
        return Status::error(INVOLUTE_INVALID_FILE, "truncated PPM: expected %zu bytes of pixels",
                             pixels * channels * bytes);
    image->width = width, image->height = height;
    image->rgb.resize(pixels * 3);
    for (size_t i = 0; i < image->rgb.size(); i++) {
        const size_t value = channels == 3 ? i : i / 3;
        const uint8_t *at = file.data() + first + value * bytes;
        const int64_t raw = bytes == 2 ? at[0] << 8 | at[1] : at[0];
        image->rgb[i] =
            static_cast<uint8_t>((std::min(raw, largest) * 255 + largest / 2) / largest);
    }
    return {};
}

} // namespace involute
