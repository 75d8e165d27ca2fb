// The first directory of a TIFF structure, read with every offset checked: reads outside give 0.
#include "io/exif.h"

#include <cstring>

namespace involute {

namespace {

// Bounds-checked reads of a TIFF structure.
struct Tiff {
    const uint8_t *data;
    size_t size;
    bool big_endian;

    uint32_t value(size_t at, size_t bytes) const { // 0 outside
        if (at > size || size - at < bytes)
            return 0;
        uint32_t result = 0;
        for (size_t i = 0; i < bytes; i++)
            result = result << 8 | data[at + (big_endian ? i : bytes - 1 - i)];
        return result;
    }
};

} // namespace

int exif_orientation(const uint8_t *segment, size_t size) {
    constexpr size_t kHeader = 6, kEntry = 12;
    if (size < kHeader + 8 || std::memcmp(segment, "Exif\0\0", kHeader) != 0)
        return 1;
    const bool big_endian = segment[kHeader] == 'M';
    const Tiff tiff{segment + kHeader, size - kHeader, big_endian};
    if (tiff.value(2, 2) != 42)
        return 1;
    const size_t directory = tiff.value(4, 4);
    const uint32_t entries = tiff.value(directory, 2);
    for (uint32_t i = 0; i < entries; i++) {
        const size_t entry = directory + 2 + i * kEntry;
        if (entry > tiff.size)
            break;
        if (tiff.value(entry, 2) == 0x0112) {
            const uint32_t orientation = tiff.value(entry + 8, 2);
            return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
        }
    }
    return 1;
}

} // namespace involute
