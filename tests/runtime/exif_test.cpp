// The orientation tag: both byte orders, all values, and segments that are cut, lie about their
// offsets or are something else.
#include "io/exif.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/runtime/pictures.h"

namespace involute {
namespace {

// In memory of just its size, so that a sanitizer sees every read outside.
int orientation_of(const Bytes &segment, size_t size) {
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[size]);
    std::copy_n(segment.begin(), size, exact.get());
    return exif_orientation(exact.get(), size);
}

int orientation_of(const Bytes &segment) {
    return orientation_of(segment, segment.size());
}

TEST(Exif, AllOrientationsInBothByteOrders) {
    for (const bool big_endian : {false, true})
        for (int orientation = 1; orientation <= 8; orientation++)
            EXPECT_EQ(orientation_of(exif_segment(orientation, big_endian)), orientation);
}

TEST(Exif, UnknownValuesAreUpright) {
    for (const int orientation : {0, 9, 255, 256 * 6, 65535})
        EXPECT_EQ(orientation_of(exif_segment(orientation, true)), 1) << orientation;
}

TEST(Exif, EveryCutEndsUprightOrAsBefore) {
    const Bytes segment = exif_segment(6, false);
    const size_t value_end = 6 + 8 + 2 + 12 + 10;
    for (size_t size = 0; size <= segment.size(); size++)
        EXPECT_EQ(orientation_of(segment, size), size < value_end ? 1 : 6) << size;
}

TEST(Exif, OtherSegmentsAreUpright) {
    EXPECT_EQ(orientation_of(bytes_of("http://ns.adobe.com/xap/1.0/ and a lot of text")), 1);
    Bytes segment = exif_segment(6, true);
    segment[9] = 43; // not TIFF
    EXPECT_EQ(orientation_of(segment), 1);
}

TEST(Exif, LyingOffsetsAndCounts) {
    for (const uint8_t high : {0, 1, 0x7f, 0xff})
        for (const uint8_t low : {0, 7, 30, 0xff}) {
            Bytes segment = exif_segment(6, true);
            segment[6 + 4] = high, segment[6 + 7] = low; // the directory's offset
            EXPECT_EQ(orientation_of(segment), 1) << int{high} << " " << int{low};
        }
    Bytes segment = exif_segment(6, true);
    segment[6 + 8] = 0xff, segment[6 + 9] = 0xff; // entries: the tag is still among them
    EXPECT_EQ(orientation_of(segment), 6);
    segment[6 + 8 + 2 + 12 + 1] = 0x13; // now it is another tag, and the entries end nowhere
    EXPECT_EQ(orientation_of(segment), 1);
}

} // namespace
} // namespace involute
