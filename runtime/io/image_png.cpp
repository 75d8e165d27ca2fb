// PNG by libspng.
#include <spng.h>

#include <memory>

#include "io/image.h"

namespace involute {

Status decode_png(const std::vector<uint8_t> &file, Image *image) {
    const auto failed = [](int error) {
        return Status::error(INVOLUTE_INVALID_FILE, "damaged or truncated PNG: %s",
                             spng_strerror(error));
    };
    const std::unique_ptr<spng_ctx, void (*)(spng_ctx *)> context(spng_ctx_new(0), spng_ctx_free);
    if (context == nullptr)
        return Status::error(INVOLUTE_OUT_OF_MEMORY, "not enough memory for a PNG decoder");
    constexpr size_t kChunkBytes = 1 << 20; // text, profiles: of no use here
    spng_set_chunk_limits(context.get(), kChunkBytes, 4 * kChunkBytes);
    spng_set_png_buffer(context.get(), file.data(), file.size());
    spng_ihdr header;
    if (const int error = spng_get_ihdr(context.get(), &header))
        return failed(error);
    INVOLUTE_RETURN_IF_ERROR(check_pixels(header.width, header.height));
    image->width = header.width, image->height = header.height;
    size_t size = 0;
    if (const int error = spng_decoded_image_size(context.get(), SPNG_FMT_RGB8, &size))
        return failed(error);
    image->rgb.resize(size);
    if (const int error =
            spng_decode_image(context.get(), image->rgb.data(), size, SPNG_FMT_RGB8, 0))
        return failed(error);
    return {};
}

} // namespace involute
