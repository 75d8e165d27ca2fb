// Small pictures for tests, written by the encoders of the libraries whose decoders are under
// test, and files that no encoder writes put together by hand.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <jpeglib.h>
#include <spng.h>

#include "io/image.h"

namespace involute {

using Bytes = std::vector<uint8_t>;

// Smooth, so that JPEG keeps it closely; no two corners alike.
inline Image smooth_picture(int64_t width, int64_t height) {
    Image image;
    image.width = width, image.height = height;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (const int64_t value : {40 + 160 * x / width, 30 + 180 * y / height,
                                        50 + 60 * x / width + 90 * y / height})
                image.rgb.push_back(static_cast<uint8_t>(value));
    return image;
}

struct JpegOptions {
    bool progressive = false;
    bool separate_scans = false; // one of each of three channels
    int restart_interval = 0;
    std::vector<Bytes> app1; // segments
};

// `channels` of 1 (grey), 3 (RGB) or 4 (CMYK) bytes a pixel.
inline Bytes encode_jpeg(const Bytes &pixels, int width, int height, int channels,
                         const JpegOptions &options = {}) {
    jpeg_compress_struct jpeg;
    jpeg_error_mgr errors; // the default ends the process: no test passes by it
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char *memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &memory, &size);
    jpeg.image_width = static_cast<JDIMENSION>(width);
    jpeg.image_height = static_cast<JDIMENSION>(height);
    jpeg.input_components = channels;
    jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (options.progressive)
        jpeg_simple_progression(&jpeg);
    static const jpeg_scan_info kScans[3] = {{1, {0, 0, 0, 0}, 0, 63, 0, 0},
                                             {1, {1, 0, 0, 0}, 0, 63, 0, 0},
                                             {1, {2, 0, 0, 0}, 0, 63, 0, 0}};
    if (options.separate_scans)
        jpeg.scan_info = kScans, jpeg.num_scans = 3;
    jpeg.restart_interval = static_cast<unsigned>(options.restart_interval);
    jpeg_start_compress(&jpeg, TRUE);
    for (const Bytes &segment : options.app1)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, segment.data(),
                          static_cast<unsigned>(segment.size()));
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = const_cast<uint8_t *>(pixels.data()) +
                       size_t{jpeg.next_scanline} * static_cast<size_t>(width * channels);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    const Bytes file(memory, memory + size);
    jpeg_destroy_compress(&jpeg);
    std::free(memory);
    return file;
}

// `pixels` as PNG stores them: rows packed to whole bytes, 16 bits in big endian.
inline Bytes encode_png(const Bytes &pixels, uint32_t width, uint32_t height, int depth, int color,
                        const spng_plte *palette = nullptr, bool interlaced = false) {
    spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
    spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
    spng_ihdr header{};
    header.width = width, header.height = height;
    header.bit_depth = static_cast<uint8_t>(depth);
    header.color_type = static_cast<uint8_t>(color);
    header.interlace_method = interlaced ? SPNG_INTERLACE_ADAM7 : SPNG_INTERLACE_NONE;
    EXPECT_EQ(spng_set_ihdr(context, &header), 0);
    if (palette != nullptr) {
        spng_plte copy = *palette;
        EXPECT_EQ(spng_set_plte(context, &copy), 0);
    }
    EXPECT_EQ(spng_encode_image(context, pixels.data(), pixels.size(), SPNG_FMT_RAW,
                                SPNG_ENCODE_FINALIZE),
              0);
    size_t size = 0;
    int error = 0;
    uint8_t *memory = static_cast<uint8_t *>(spng_get_png_buffer(context, &size, &error));
    EXPECT_EQ(error, 0);
    Bytes file;
    if (memory != nullptr)
        file.assign(memory, memory + size);
    std::free(memory);
    spng_ctx_free(context);
    return file;
}

// An APP1 segment with some other tag before the orientation.
inline Bytes exif_segment(int orientation, bool big_endian) {
    Bytes segment = {'E', 'x', 'i', 'f', 0, 0};
    const auto put = [&](uint32_t value, int bytes) {
        for (int i = 0; i < bytes; i++)
            segment.push_back(static_cast<uint8_t>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
    };
    segment.insert(segment.end(), 2, big_endian ? 'M' : 'I');
    put(42, 2), put(8, 4); // the directory follows at once
    put(2, 2);
    put(0x010F, 2), put(2, 2), put(4, 4), put(0x41424300, 4);
    put(0x0112, 2), put(3, 2), put(1, 4), put(static_cast<uint32_t>(orientation), 2), put(0, 2);
    put(0, 4); // no further directory
    return segment;
}

inline std::string write_file(const std::string &name, const Bytes &bytes) {
    const std::string path = ::testing::TempDir() + "involute_" + name;
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(file.good());
    return path;
}

inline Bytes bytes_of(const std::string &text) {
    return Bytes(text.begin(), text.end());
}

} // namespace involute
