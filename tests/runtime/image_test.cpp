// Decoded pixels of every format against the pixels that went in: exact for PNG and PPM, within the
// loss of the encoder for JPEG. Damage is the subject of robustness/image_robustness_test.cpp.
#include "io/image.h"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/runtime/pictures.h"

namespace involute {
namespace {

Image read_bytes(const std::string &name, const Bytes &file) {
    Image image;
    const Status status = read_image(write_file(name, file), &image);
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
    EXPECT_EQ(static_cast<int64_t>(image.rgb.size()), 3 * image.width * image.height);
    return image;
}

int largest_difference(const Image &a, const Image &b) {
    EXPECT_EQ(a.width, b.width);
    EXPECT_EQ(a.height, b.height);
    if (a.rgb.size() != b.rgb.size())
        return 256;
    int largest = 0;
    for (size_t i = 0; i < a.rgb.size(); i++)
        largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
    return largest;
}

Image grey_picture(int64_t width, int64_t height, const Bytes &values) {
    Image image;
    image.width = width, image.height = height;
    for (const uint8_t value : values)
        image.rgb.insert(image.rgb.end(), 3, value);
    return image;
}

// Chroma is kept at half the resolution, which a smooth picture survives.
constexpr int kJpegLoss = 12;

TEST(Jpeg, BaselineAndProgressive) {
    const Image picture = smooth_picture(61, 43);
    const Bytes baseline = encode_jpeg(picture.rgb, 61, 43, 3);
    JpegOptions options;
    options.progressive = true;
    const Bytes progressive = encode_jpeg(picture.rgb, 61, 43, 3, options);
    EXPECT_NE(baseline, progressive);
    const Image a = read_bytes("baseline.jpg", baseline);
    EXPECT_LE(largest_difference(a, picture), kJpegLoss);
    EXPECT_EQ(largest_difference(read_bytes("progressive.jpg", progressive), a), 0);
    options.restart_interval = 2;
    EXPECT_LE(largest_difference(
                  read_bytes("restarts.jpg", encode_jpeg(picture.rgb, 61, 43, 3, options)), a),
              0);
}

TEST(Jpeg, Grey) {
    Bytes values;
    for (int i = 0; i < 40 * 24; i++)
        values.push_back(static_cast<uint8_t>(20 + 4 * (i % 40) + 2 * (i / 40)));
    EXPECT_LE(largest_difference(read_bytes("grey.jpg", encode_jpeg(values, 40, 24, 1)),
                                 grey_picture(40, 24, values)),
              3);
}

TEST(Jpeg, FourColours) {
    // As stored: inverted inks, so that 255 is no ink.
    const struct {
        uint8_t cmyk[4], rgb[3];
    } cases[] = {{{255, 255, 255, 255}, {255, 255, 255}},
                 {{10, 200, 90, 255}, {10, 200, 90}},
                 {{255, 255, 255, 0}, {0, 0, 0}},
                 {{200, 100, 50, 128}, {100, 50, 25}}};
    for (const auto &colour : cases) {
        Bytes pixels;
        Image expected;
        expected.width = expected.height = 16;
        for (int i = 0; i < 16 * 16; i++) {
            pixels.insert(pixels.end(), colour.cmyk, colour.cmyk + 4);
            expected.rgb.insert(expected.rgb.end(), colour.rgb, colour.rgb + 3);
        }
        EXPECT_LE(
            largest_difference(read_bytes("cmyk.jpg", encode_jpeg(pixels, 16, 16, 4)), expected),
            3);
    }
}

TEST(Jpeg, OrientationIsApplied) {
    // Where the file's top left pixel block ends up, and the neighbour to its right: 8 x 8 blocks,
    // 3 wide and 2 high, with one value each.
    const int width = 24, height = 16;
    Bytes values;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            values.push_back(static_cast<uint8_t>(20 + 40 * (y / 8 * 3 + x / 8)));
    // The blocks in reading order after each orientation, by the definition in the standard (row
    // 0 and column 0 of the file are the top and left, top and right, ... side of the picture).
    const std::vector<std::vector<int>> blocks = {
        {0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0}, {3, 4, 5, 0, 1, 2},
        {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2}, {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
    for (int orientation = 1; orientation <= 8; orientation++) {
        JpegOptions options;
        options.app1 = {bytes_of("http://ns.adobe.com/xap/1.0/"),
                        exif_segment(orientation, orientation % 2 == 0)};
        const Image image =
            read_bytes("oriented.jpg", encode_jpeg(values, width, height, 1, options));
        const int64_t columns = orientation <= 4 ? 3 : 2;
        ASSERT_EQ(image.width, 8 * columns);
        ASSERT_EQ(image.height, 48 / columns);
        for (int64_t i = 0; i < 6; i++) {
            const int64_t x = i % columns * 8 + 4, y = i / columns * 8 + 4;
            EXPECT_NEAR(
                image.rgb[static_cast<size_t>(3 * (y * image.width + x))],
                20 + 40 * blocks[static_cast<size_t>(orientation - 1)][static_cast<size_t>(i)], 3)
                << "orientation " << orientation << ", block " << i;
        }
    }
}

TEST(Png, TrueColour) {
    const Image picture = smooth_picture(37, 29);
    const Bytes file = encode_png(picture.rgb, 37, 29, 8, SPNG_COLOR_TYPE_TRUECOLOR);
    EXPECT_EQ(largest_difference(read_bytes("rgb.png", file), picture), 0);
    Bytes with_alpha, wide;
    for (size_t i = 0; i < picture.rgb.size(); i++) {
        with_alpha.push_back(picture.rgb[i]);
        if (i % 3 == 2)
            with_alpha.push_back(static_cast<uint8_t>(i));
        wide.push_back(picture.rgb[i]);
        wide.push_back(static_cast<uint8_t>(i * 37));
    }
    EXPECT_EQ(
        largest_difference(read_bytes("rgba.png", encode_png(with_alpha, 37, 29, 8,
                                                             SPNG_COLOR_TYPE_TRUECOLOR_ALPHA)),
                           picture),
        0);
    EXPECT_EQ(largest_difference(
                  read_bytes("rgb16.png", encode_png(wide, 37, 29, 16, SPNG_COLOR_TYPE_TRUECOLOR)),
                  picture),
              0);
}

TEST(Png, GreyOfEveryDepth) {
    for (const int depth : {1, 2, 4, 8, 16}) {
        const int width = 16, height = 9;
        Bytes packed(static_cast<size_t>(width * height * depth / 8)), values;
        std::mt19937 random(static_cast<unsigned>(depth));
        for (uint8_t &byte : packed)
            byte = static_cast<uint8_t>(random());
        for (int i = 0; i < width * height; i++) {
            const size_t bit = static_cast<size_t>(i * depth);
            if (depth >= 8) {
                values.push_back(packed[bit / 8]); // the high byte of 16 bits
                continue;
            }
            const int top = (1 << depth) - 1;
            const int level = packed[bit / 8] >> (8 - depth - static_cast<int>(bit % 8)) & top;
            values.push_back(static_cast<uint8_t>(level * 255 / top));
        }
        const Bytes file = encode_png(packed, width, height, depth, SPNG_COLOR_TYPE_GRAYSCALE);
        EXPECT_EQ(
            largest_difference(read_bytes("grey.png", file), grey_picture(width, height, values)),
            0)
            << depth;
    }
}

TEST(Png, Palette) {
    spng_plte palette{};
    palette.n_entries = 5;
    for (uint32_t i = 0; i < 5; i++)
        palette.entries[i] = {static_cast<uint8_t>(50 * i), static_cast<uint8_t>(255 - 40 * i),
                              static_cast<uint8_t>(7 * i), 255};
    Bytes indices;
    Image expected;
    expected.width = 11, expected.height = 6;
    for (uint32_t i = 0; i < 66; i++) {
        const spng_plte_entry &entry = palette.entries[i * i % 5];
        indices.push_back(static_cast<uint8_t>(i * i % 5));
        for (const uint8_t value : {entry.red, entry.green, entry.blue})
            expected.rgb.push_back(value);
    }
    const Bytes file = encode_png(indices, 11, 6, 8, SPNG_COLOR_TYPE_INDEXED, &palette);
    EXPECT_EQ(largest_difference(read_bytes("palette.png", file), expected), 0);
}

TEST(Png, Interlaced) {
    for (const uint32_t width : {1u, 3u, 8u, 21u}) {
        const Image picture = smooth_picture(width, 13);
        const Bytes file =
            encode_png(picture.rgb, width, 13, 8, SPNG_COLOR_TYPE_TRUECOLOR, nullptr, true);
        EXPECT_EQ(largest_difference(read_bytes("interlaced.png", file), picture), 0) << width;
    }
}

TEST(Png, PixelsBeyondTheLimitOfOtherChunks) {
    Image noise;
    noise.width = 900, noise.height = 800;
    std::mt19937 random(3);
    for (int i = 0; i < 3 * 900 * 800; i++)
        noise.rgb.push_back(static_cast<uint8_t>(random()));
    const Bytes file = encode_png(noise.rgb, 900, 800, 8, SPNG_COLOR_TYPE_TRUECOLOR);
    EXPECT_GT(file.size(), size_t{2} << 20);
    EXPECT_EQ(largest_difference(read_bytes("noise.png", file), noise), 0);
}

TEST(Ppm, ColourAndGreyOfEveryMaximum) {
    const Image colour =
        read_bytes("colour.ppm", bytes_of("P6\n# a comment 9 9\n2 # width\n 1\n255\n" +
                                          std::string({'\1', '\2', '\3', '\x7f', '#', '\n'})));
    EXPECT_EQ(colour.width, 2);
    EXPECT_EQ(colour.height, 1);
    EXPECT_EQ(colour.rgb, (Bytes{1, 2, 3, 127, '#', '\n'}));

    const Image grey =
        read_bytes("grey.pgm", bytes_of("P5 3 1 100\n" + std::string({'\0', '\x32', '\x64'})));
    EXPECT_EQ(grey.rgb, (Bytes{0, 0, 0, 128, 128, 128, 255, 255, 255}));

    const Image wide = read_bytes(
        "wide.pgm", bytes_of("P5 1 2 65535\n" + std::string({'\x80', '\x80', '\xff', '\xff'})));
    EXPECT_EQ(wide.rgb, (Bytes{128, 128, 128, 255, 255, 255}));

    // Values above the maximum are the maximum.
    EXPECT_EQ(read_bytes("above.pgm", bytes_of("P5 1 1 9 \x10")).rgb, (Bytes{255, 255, 255}));
}

TEST(ReadImage, FilesThatAreNoPicture) {
    const struct {
        std::string path, message;
    } cases[] = {{write_file("text.txt", bytes_of("hello")), "expected a JPEG, PNG or PPM picture"},
                 {write_file("empty.png", {}), "expected a JPEG, PNG or PPM picture"},
                 {::testing::TempDir() + "involute_no_such_file.png", "No such file"},
                 {::testing::TempDir(), "not a regular file"}};
    for (const auto &broken : cases) {
        Image image;
        const Status status = read_image(broken.path, &image);
        EXPECT_EQ(status.code(), INVOLUTE_INVALID_FILE);
        EXPECT_EQ(status.message().rfind(broken.path + ": ", 0), 0u) << status.message();
        EXPECT_NE(status.message().find(broken.message), std::string::npos) << status.message();
    }
}

} // namespace
} // namespace involute
