// Writing safetensors.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/checked_size.h"
#include "io/safetensors.h"

namespace involute {

namespace {

Status failed(const std::string &path) {
    return Status::error(INVOLUTE_IO_ERROR, "%s: cannot be written: %s", path.c_str(),
                         std::strerror(errno));
}

Status header_of(const involute_named_tensor *tensors, size_t count,
                 const std::map<std::string, std::string> &metadata, std::string *text) {
    nlohmann::json header = nlohmann::json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    int64_t offset = 0;
    std::set<std::string> names;
    for (size_t i = 0; i < count; i++) {
        const involute_tensor &t = tensors[i].tensor;
        const char *name = tensors[i].name != nullptr ? tensors[i].name : "";
        if (*name == '\0' || !names.insert(name).second)
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "tensors[%zu]: expected a name of its own, got '%s'", i, name);
        if (t.dtype != INVOLUTE_F32 || t.device != INVOLUTE_CPU || t.rank < 0 ||
            t.rank > INVOLUTE_MAX_RANK)
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "tensor %s: expected float32 on the CPU of rank 0 to %d", name,
                                 INVOLUTE_MAX_RANK);
        int64_t bytes = sizeof(float), end = 0;
        for (int d = 0; d < t.rank; d++) {
            if (!checked_product({bytes, t.shape[d]}, &bytes))
                return Status::error(INVOLUTE_INVALID_ARGUMENT, "tensor %s: its size overflows",
                                     name);
        }
        if (t.data == nullptr && bytes > 0)
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "tensor %s: data is NULL", name);
        if (__builtin_add_overflow(offset, bytes, &end))
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "the file's size overflows");
        header[name] = {{"dtype", "F32"},
                        {"shape", std::vector<int64_t>(t.shape, t.shape + t.rank)},
                        {"data_offsets", {offset, end}}};
        offset = end;
    }
    *text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text->append((8 - text->size() % 8) % 8, ' ');
    return {};
}

class Output {
public:
    explicit Output(int descriptor) : descriptor_(descriptor) {}
    bool write(const void *data, size_t size) {
        const char *at = static_cast<const char *>(data);
        while (size > 0) {
            const ssize_t put = ::write(descriptor_, at, std::min<size_t>(size, 1u << 30));
            if (put < 0 && errno == EINTR)
                continue;
            if (put <= 0)
                return false;
            at += put, size -= static_cast<size_t>(put);
        }
        return true;
    }
    // Row-major values, one run along the last dimension at a time.
    bool write(const involute_tensor &t, int dimension, int64_t at) {
        const float *data = static_cast<const float *>(t.data);
        if (dimension == t.rank)
            return write(data + at, sizeof(float));
        const int64_t extent = t.shape[dimension], stride = t.strides[dimension];
        if (dimension == t.rank - 1) {
            run_.resize(static_cast<size_t>(extent));
            for (int64_t i = 0; i < extent; i++)
                run_[static_cast<size_t>(i)] = data[at + i * stride];
            return write(run_.data(), run_.size() * sizeof(float));
        }
        for (int64_t i = 0; i < extent; i++) {
            if (!write(t, dimension + 1, at + i * stride))
                return false;
        }
        return true;
    }

private:
    int descriptor_;
    std::vector<float> run_;
};

bool write_all(int descriptor, const std::string &header, const involute_named_tensor *tensors,
               size_t count) {
    Output out(descriptor);
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = static_cast<unsigned char>(header.size() >> (8 * i));
    bool ok = out.write(size, sizeof size) && out.write(header.data(), header.size());
    for (size_t i = 0; ok && i < count; i++) {
        const involute_tensor &t = tensors[i].tensor;
        const bool empty = std::any_of(t.shape, t.shape + t.rank, [](int64_t n) { return n == 0; });
        ok = empty || out.write(t, 0, 0);
    }
    return ok;
}

} // namespace

Status save_tensors(const std::string &path, const involute_named_tensor *tensors, size_t count,
                    const std::map<std::string, std::string> &metadata) {
    std::string header;
    INVOLUTE_RETURN_IF_ERROR(header_of(tensors, count, metadata, &header));

    struct stat info;
    if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
        // A device or pipe cannot be replaced by a file.
        const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (descriptor < 0)
            return failed(path);
        const bool ok = write_all(descriptor, header, tensors, count);
        const Status status = ok ? Status() : failed(path);
        close(descriptor);
        return status;
    }

    std::string temporary = path + ".XXXXXX";
    const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0)
        return failed(path);
    const mode_t mask = umask(0);
    umask(mask);
    bool ok = fchmod(descriptor, 0666 & ~mask) == 0 &&
              write_all(descriptor, header, tensors, count) && fsync(descriptor) == 0;
    Status status = ok ? Status() : failed(path);
    if (close(descriptor) != 0 && ok)
        ok = false, status = failed(path);
    if (ok && rename(temporary.c_str(), path.c_str()) != 0)
        ok = false, status = failed(path);
    if (!ok)
        unlink(temporary.c_str());
    return status;
}

} // namespace involute
