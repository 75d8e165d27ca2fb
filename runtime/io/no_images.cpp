// In the place of the decoders where the library is built without them (INVOLUTE_IMAGES=OFF).
#include "core/c_guard.h"
#include "io/picture_loading.h"

namespace {

involute_status no_picture(const char *path, involute::Image *) {
    return involute::without_exceptions([&] {
        return involute::Status::error(
            INVOLUTE_UNAVAILABLE, "%s: this library was built without decoders of pictures", path);
    });
}

} // namespace

involute_status involute_image_load(const char *path, const char *preprocessing, int64_t height,
                                    int64_t width, involute_tensor *tensor) {
    return involute_internal_image_load(path, preprocessing, height, width, tensor, no_picture);
}
