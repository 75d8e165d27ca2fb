// Reading of whole files, the choice of a decoder, and the turns that EXIF asks for.
#include "io/image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace involute {

namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

Status read_file(const std::string &path, std::vector<uint8_t> *bytes) {
    const auto failed = [&](const char *why) {
        return Status::error(INVOLUTE_INVALID_FILE, "%s: %s", path.c_str(), why);
    };
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return failed(std::strerror(errno));
    struct Closer {
        int descriptor;
        ~Closer() {
            close(descriptor);
        }
    } closer{descriptor};
    struct stat info;
    if (fstat(descriptor, &info) != 0)
        return failed(std::strerror(errno));
    if (!S_ISREG(info.st_mode))
        return failed("not a regular file");
    if (info.st_size > kMaxFileBytes)
        return failed("larger than 1 GiB");
    bytes->resize(static_cast<size_t>(info.st_size));
    size_t done = 0;
    while (done < bytes->size()) {
        const ssize_t got = read(descriptor, bytes->data() + done, bytes->size() - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return failed("cannot be read");
        done += static_cast<size_t>(got);
    }
    return {};
}

bool starts_with(const std::vector<uint8_t> &file, const char *magic, size_t size) {
    return file.size() >= size && std::memcmp(file.data(), magic, size) == 0;
}

} // namespace

Status check_pixels(int64_t width, int64_t height) {
    if (width < 1 || height < 1 || width > kMaxPixels || height > kMaxPixels / width)
        return Status::error(INVOLUTE_INVALID_FILE,
                             "picture of %lld x %lld: expected 1 to %lld pixels",
                             static_cast<long long>(width), static_cast<long long>(height),
                             static_cast<long long>(kMaxPixels));
    return {};
}

void orient(int orientation, Image *image) {
    if (orientation <= 1 || orientation > 8)
        return;
    const bool swaps = orientation >= 5; // rows become columns
    const bool mirrors_x =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool mirrors_y =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    Image turned;
    turned.width = swaps ? image->height : image->width;
    turned.height = swaps ? image->width : image->height;
    turned.rgb.resize(image->rgb.size());
    uint8_t *to = turned.rgb.data();
    for (int64_t y = 0; y < turned.height; y++) {
        for (int64_t x = 0; x < turned.width; x++, to += 3) {
            int64_t u = swaps ? y : x, v = swaps ? x : y; // where the pixel lies in the file
            u = mirrors_x ? image->width - 1 - u : u;
            v = mirrors_y ? image->height - 1 - v : v;
            std::memcpy(to, image->rgb.data() + 3 * (v * image->width + u), 3);
        }
    }
    *image = std::move(turned);
}

Status read_image(const std::string &path, Image *image) {
    std::vector<uint8_t> file;
    INVOLUTE_RETURN_IF_ERROR(read_file(path, &file));
    Status status;
    if (starts_with(file, "\xFF\xD8\xFF", 3))
        status = decode_jpeg(file, image);
    else if (starts_with(file, "\x89PNG\r\n\x1a\n", 8))
        status = decode_png(file, image);
    else if (starts_with(file, "P5", 2) || starts_with(file, "P6", 2))
        status = decode_ppm(file, image);
    else
        status = Status::error(INVOLUTE_INVALID_FILE, "expected a JPEG, PNG or PPM picture");
    return status.ok()
               ? status
               : Status::error(status.code(), "%s: %s", path.c_str(), status.message().c_str());
}

} // namespace involute
