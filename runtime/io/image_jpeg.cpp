// JPEG by libjpeg-turbo. Its errors come by longjmp, which here crosses no frame that holds an
// object with a destructor.
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "io/exif.h"
#include "io/image.h"

namespace involute {

namespace {

constexpr int kMaxScans = 200; // a progressive file may ask for any number of passes

struct Errors {
    jpeg_error_mgr manager; // first: libjpeg hands back a pointer to it
    std::jmp_buf back;
    char text[JMSG_LENGTH_MAX];
};

struct Progress {
    jpeg_progress_mgr manager;
};

void fail(j_common_ptr info) {
    Errors *errors = reinterpret_cast<Errors *>(info->err);
    info->err->format_message(info, errors->text);
    std::longjmp(errors->back, 1);
}

// Warnings stand for damage (a truncated file, bad codes): no answer is better than a grey one.
void warn(j_common_ptr info, int level) {
    if (level < 0)
        fail(info);
}

void watch_scans(j_common_ptr info) {
    jpeg_decompress_struct *jpeg = reinterpret_cast<jpeg_decompress_struct *>(info);
    if (jpeg->input_scan_number > kMaxScans) {
        Errors *errors = reinterpret_cast<Errors *>(info->err);
        std::snprintf(errors->text, sizeof errors->text, "more than %d scans", kMaxScans);
        std::longjmp(errors->back, 1);
    }
}

// All that longjmp may jump over lives in here and has no destructor.
struct Decoder {
    jpeg_decompress_struct jpeg;
    Errors errors;
    Progress progress;
    int orientation;

    // Reads up to the first pixel: false with errors.text on failure.
    bool start(const std::vector<uint8_t> &file) {
        jpeg.err = jpeg_std_error(&errors.manager);
        errors.manager.error_exit = fail;
        errors.manager.emit_message = warn;
        if (setjmp(errors.back) != 0)
            return false;
        jpeg_create_decompress(&jpeg);
        progress.manager.progress_monitor = watch_scans;
        jpeg.progress = &progress.manager;
        jpeg_mem_src(&jpeg, file.data(), file.size());
        jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
        jpeg_read_header(&jpeg, TRUE);
        orientation = 1;
        // XMP lives in segments of the same number, before or behind the one of EXIF.
        for (auto marker = jpeg.marker_list; marker != nullptr && orientation == 1;
             marker = marker->next)
            orientation = exif_orientation(marker->data, marker->data_length);
        const bool four = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
        jpeg.out_color_space = four ? JCS_CMYK : JCS_RGB;
        return true;
    }

    // Fills height rows of `stride` bytes.
    bool read(uint8_t *pixels, size_t stride) {
        if (setjmp(errors.back) != 0)
            return false;
        jpeg_start_decompress(&jpeg);
        while (jpeg.output_scanline < jpeg.output_height) {
            JSAMPROW row = pixels + jpeg.output_scanline * stride;
            jpeg_read_scanlines(&jpeg, &row, 1);
        }
        jpeg_finish_decompress(&jpeg);
        return true;
    }
};

} // namespace

Status decode_jpeg(const std::vector<uint8_t> &file, Image *image) {
    Decoder decoder{};
    struct Cleaner {
        Decoder &decoder;
        ~Cleaner() {
            jpeg_destroy_decompress(&decoder.jpeg);
        }
    } cleaner{decoder};
    const auto damaged = [&]() {
        return Status::error(INVOLUTE_INVALID_FILE, "damaged or truncated JPEG: %s",
                             decoder.errors.text);
    };
    if (!decoder.start(file))
        return damaged();
    image->width = decoder.jpeg.image_width, image->height = decoder.jpeg.image_height;
    INVOLUTE_RETURN_IF_ERROR(check_pixels(image->width, image->height));
    const size_t pixels = static_cast<size_t>(image->width * image->height);
    const bool four = decoder.jpeg.out_color_space == JCS_CMYK;
    const size_t components = four ? 4 : 3;
    std::vector<uint8_t> raw(pixels * components);
    if (!decoder.read(raw.data(), static_cast<size_t>(image->width) * components))
        return damaged();
    if (four) {
        // Adobe's files hold the inks inverted, as all known writers of four-colour JPEG do.
        image->rgb.resize(pixels * 3);
        for (size_t i = 0; i < pixels; i++) {
            for (size_t c = 0; c < 3; c++)
                image->rgb[3 * i + c] =
                    static_cast<uint8_t>((raw[4 * i + c] * raw[4 * i + 3] + 127) / 255);
        }
    } else {
        image->rgb = std::move(raw);
    }
    orient(decoder.orientation, image);
    return {};
}

} // namespace involute
