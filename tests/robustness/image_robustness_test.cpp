// Damaged and hostile pictures: cut anywhere, with flipped bits, with sizes far beyond their data.
// All must end in a status; what is read nevertheless must be whole.
#include "io/image.h"

#include <sys/resource.h>

#include <random>

#include <gtest/gtest.h>

#include "tests/runtime/pictures.h"

namespace involute {
namespace {

using Decode = Status (*)(const Bytes &, Image *);

struct Sample {
    const char *name;
    Decode decode;
    Bytes file;
};

std::vector<Sample> sample_files() {
    const Image picture = smooth_picture(70, 50);
    const Bytes four(4 * 32 * 32, 90);
    JpegOptions progressive, restarts;
    progressive.progressive = true;
    progressive.app1 = {exif_segment(6, true)};
    restarts.restart_interval = 3;
    restarts.app1 = {exif_segment(8, false)};
    const Bytes &rgb = picture.rgb;
    const int64_t pixels = 70 * 50;
    const Bytes grey(rgb.begin(), rgb.begin() + pixels),
        wide(rgb.begin(), rgb.begin() + 2 * pixels);
    spng_plte palette{};
    palette.n_entries = 256;
    const Bytes header = bytes_of("P6 70 50 255\n"), wide_header = bytes_of("P5 70 50 65535\n");
    Bytes ppm = header, pgm = wide_header;
    ppm.insert(ppm.end(), rgb.begin(), rgb.end());
    pgm.insert(pgm.end(), wide.begin(), wide.end());
    return {
        {"jpeg", decode_jpeg, encode_jpeg(rgb, 70, 50, 3, restarts)},
        {"progressive jpeg", decode_jpeg, encode_jpeg(rgb, 70, 50, 3, progressive)},
        {"grey jpeg", decode_jpeg, encode_jpeg(grey, 70, 50, 1)},
        {"cmyk jpeg", decode_jpeg, encode_jpeg(four, 32, 32, 4)},
        {"png", decode_png, encode_png(rgb, 70, 50, 8, SPNG_COLOR_TYPE_TRUECOLOR)},
        {"16-bit png", decode_png, encode_png(wide, 70, 50, 16, SPNG_COLOR_TYPE_GRAYSCALE)},
        {"palette png", decode_png, encode_png(grey, 70, 50, 8, SPNG_COLOR_TYPE_INDEXED, &palette)},
        {"interlaced png", decode_png,
         encode_png(rgb, 70, 50, 8, SPNG_COLOR_TYPE_TRUECOLOR, nullptr, true)},
        {"ppm", decode_ppm, ppm},
        {"16-bit pgm", decode_ppm, pgm},
    };
}

// Whether a picture came out, which then is whole; otherwise the status says why. In memory of just
// the file's size.
bool decoded(const Sample &sample, const Bytes &file) {
    const Bytes exact(file.begin(), file.end());
    Image image;
    const Status status = sample.decode(exact, &image);
    if (status.ok()) {
        EXPECT_TRUE(check_pixels(image.width, image.height).ok()) << sample.name;
        EXPECT_EQ(static_cast<int64_t>(image.rgb.size()), 3 * image.width * image.height)
            << sample.name;
    } else {
        EXPECT_EQ(status.code(), INVOLUTE_INVALID_FILE) << sample.name;
        EXPECT_FALSE(status.message().empty()) << sample.name;
    }
    return status.ok();
}

TEST(ImageRobustness, SamplesAreWell) {
    for (const Sample &sample : sample_files()) {
        EXPECT_TRUE(decoded(sample, sample.file)) << sample.name;
    }
}

TEST(ImageRobustness, TruncatedAtEachPercent) {
    for (const Sample &sample : sample_files()) {
        // The pixels of a PNG are complete before its last chunk of 12 bytes; and libspng stops
        // before the sum that ends the compressed data, 4 + 4 bytes with that of the chunk.
        const size_t needed =
            sample.decode == decode_png ? sample.file.size() - 20 : sample.file.size();
        for (size_t percent = 0; percent < 100; percent++) {
            const size_t size = sample.file.size() * percent / 100;
            const Bytes cut(sample.file.begin(),
                            sample.file.begin() + static_cast<std::ptrdiff_t>(size));
            const bool whole = decoded(sample, cut);
            EXPECT_FALSE(whole && size < needed) << sample.name << " cut to " << percent << " %";
        }
    }
}

TEST(ImageRobustness, FlippedBits) {
    for (const Sample &sample : sample_files()) {
        std::mt19937 random(11);
        for (int round = 0; round < 500; round++) {
            Bytes file = sample.file;
            for (int flips = 0; flips <= round % 4; flips++) {
                // Every other round in the headers, where the lies are.
                const size_t range =
                    round % 2 == 0 ? std::min<size_t>(file.size(), 200) : file.size();
                file[random() % range] ^= static_cast<uint8_t>(1u << random() % 8);
            }
            decoded(sample, file);
        }
    }
}

TEST(ImageRobustness, RandomBytesBehindTheMagic) {
    std::mt19937 random(12);
    for (const Sample &sample : sample_files())
        for (int round = 0; round < 100; round++) {
            Bytes file(sample.file.begin(), sample.file.begin() + 8 + round % 30);
            for (int i = 0; i < 300; i++)
                file.push_back(static_cast<uint8_t>(random()));
            decoded(sample, file);
        }
}

long peak_kib() {
    rusage usage;
    EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

// The frame header of a JPEG with other sizes.
Bytes resized_jpeg(Bytes file, uint32_t width, uint32_t height) {
    for (size_t i = 2; i + 9 < file.size(); i++)
        if (file[i] == 0xFF && (file[i + 1] == 0xC0 || file[i + 1] == 0xC2)) {
            file[i + 5] = static_cast<uint8_t>(height >> 8);
            file[i + 6] = static_cast<uint8_t>(height);
            file[i + 7] = static_cast<uint8_t>(width >> 8);
            file[i + 8] = static_cast<uint8_t>(width);
            return file;
        }
    ADD_FAILURE() << "no frame header";
    return file;
}

uint32_t crc(const uint8_t *data, size_t size) {
    uint32_t value = ~0u;
    for (size_t i = 0; i < size; i++) {
        value ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0);
    }
    return ~value;
}

// The IHDR chunk with other sizes and a right checksum.
Bytes resized_png(Bytes file, uint32_t width, uint32_t height) {
    const auto put = [&](size_t at, uint32_t value) {
        for (size_t i = 0; i < 4; i++)
            file[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
    };
    put(16, width), put(20, height);
    put(29, crc(file.data() + 12, 17));
    return file;
}

TEST(ImageRobustness, HugeSizesAreRefusedBeforeMemoryIsTaken) {
    const std::vector<Sample> samples = sample_files();
    const long before = peak_kib();
    for (const Sample &sample : samples) {
        std::vector<Bytes> files;
        if (sample.decode == decode_jpeg)
            files = {resized_jpeg(sample.file, 65500, 65500), resized_jpeg(sample.file, 8193, 8192),
                     resized_jpeg(sample.file, 65535, 65535), resized_jpeg(sample.file, 0, 10)};
        else if (sample.decode == decode_png)
            files = {resized_png(sample.file, 0x7fffffff, 0x7fffffff),
                     resized_png(sample.file, 8193, 8192), resized_png(sample.file, 1, 1u << 27),
                     resized_png(sample.file, 0, 10), resized_png(sample.file, ~0u, ~0u)};
        else
            for (const char *size : {"8193 8192", "99999999999999999999 1", "67108864 67108864",
                                     "0 10", "10 0", "-1 5", "4294967297 1", "3", ""})
                files.push_back(bytes_of("P6 " + std::string(size) + " 255\nabcdef"));
        for (size_t i = 0; i < files.size(); i++)
            EXPECT_FALSE(decoded(sample, files[i])) << sample.name << " " << i;
    }
    EXPECT_LT(peak_kib() - before, 16 * 1024) << "KiB more";
}

TEST(ImageRobustness, LargeButAllowedSizesWithoutData) {
    for (const Sample &sample : sample_files()) {
        const Bytes larger = sample.decode == decode_jpeg  ? resized_jpeg(sample.file, 2000, 1500)
                             : sample.decode == decode_png ? resized_png(sample.file, 2000, 1500)
                                                           : bytes_of("P6 2000 1500 255\nabc");
        EXPECT_FALSE(decoded(sample, larger)) << sample.name;
    }
    const Sample ppm = {"ppm", decode_ppm, {}};
    const long before = peak_kib();
    EXPECT_FALSE(decoded(ppm, bytes_of("P6 8192 8192 255\nabc")));
    EXPECT_LT(peak_kib() - before, 16 * 1024) << "KiB more";
}

TEST(ImageRobustness, ScansOfAJpegAreCounted) {
    const Image picture = smooth_picture(16, 16);
    JpegOptions options;
    options.separate_scans = true;
    const Bytes file = encode_jpeg(picture.rgb, 16, 16, 3, options);
    size_t last = 0;
    for (size_t i = 0; i + 1 < file.size(); i++)
        if (file[i] == 0xFF && file[i + 1] == 0xDA)
            last = i;
    ASSERT_GT(last, 0u);
    // The last scan again and again, each a whole pass over the picture.
    const auto repeated = [&](int times) {
        Bytes longer(file.begin(), file.end() - 2);
        for (int i = 0; i < times; i++)
            longer.insert(longer.end(), file.begin() + static_cast<std::ptrdiff_t>(last),
                          file.end() - 2);
        longer.insert(longer.end(), file.end() - 2, file.end());
        return longer;
    };
    Image image;
    const Status few = decode_jpeg(repeated(50), &image);
    EXPECT_TRUE(few.ok()) << few.message();
    const Status many = decode_jpeg(repeated(5000), &image);
    EXPECT_EQ(many.code(), INVOLUTE_INVALID_FILE);
    EXPECT_NE(many.message().find("more than 200 scans"), std::string::npos) << many.message();
}

} // namespace
} // namespace involute
