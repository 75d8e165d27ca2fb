// The C function that reaches the decoders; whoever does not call it needs neither libjpeg nor
// libspng in a static link.
#include "core/c_guard.h"
#include "io/picture_loading.h"

namespace {

involute_status read_picture(const char *path, involute::Image *image) {
    return involute::without_exceptions([&] { return involute::read_image(path, image); });
}

} // namespace

involute_status involute_image_load(const char *path, const char *preprocessing, int64_t height,
                                    int64_t width, involute_tensor *tensor) {
    return involute_internal_image_load(path, preprocessing, height, width, tensor, read_picture);
}
