// Reading safetensors.
#include "io/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/checked_size.h"
#include "core/tensor_layout.h"

namespace involute {

namespace {

using nlohmann::json;

constexpr int kMaxHeaderDepth = 4; // tensors, entry, array

Status bad(const std::string &path, const std::string &what) {
    return Status::error(INVOLUTE_INVALID_FILE, "%s: %s", path.c_str(), what.c_str());
}

int64_t item_bytes(const std::string &dtype) {
    static const std::map<std::string, int64_t> known = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
        {"U16", 2},  {"I16", 2}, {"F16", 2}, {"BF16", 2},    {"U32", 4},
        {"I32", 4},  {"F32", 4}, {"U64", 8}, {"I64", 8},     {"F64", 8}};
    const auto it = known.find(dtype);
    return it == known.end() ? 0 : it->second;
}

// Reads exactly `size` bytes.
bool read_at(int descriptor, void *data, uint64_t size, uint64_t offset) {
    char *at = static_cast<char *>(data);
    while (size > 0) {
        const ssize_t got =
            pread(descriptor, at, std::min<uint64_t>(size, 1u << 30), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got, offset += static_cast<uint64_t>(got), size -= static_cast<uint64_t>(got);
    }
    return true;
}

// One entry of the header; returns what is wrong, or "".
std::string parse_entry(const json &entry, uint64_t data_bytes, StoredTensor *tensor) {
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
        return "expected dtype, shape and two data_offsets";
    if (entry.size() != 3)
        return "expected dtype, shape and data_offsets only";
    tensor->dtype = entry["dtype"].get<std::string>();
    const int64_t item = item_bytes(tensor->dtype);
    if (item == 0)
        return "unknown dtype '" + tensor->dtype.substr(0, 32) + "'";
    if (entry["shape"].size() > INVOLUTE_MAX_RANK)
        return "expected at most " + std::to_string(INVOLUTE_MAX_RANK) + " dimensions, got " +
               std::to_string(entry["shape"].size());
    int64_t bytes = item;
    for (const json &extent : entry["shape"]) {
        if (!extent.is_number_unsigned() || extent.get<uint64_t>() > INT64_MAX)
            return "a dimension of the shape is no size: " + extent.dump().substr(0, 32);
        tensor->shape.push_back(extent.get<int64_t>());
        if (!checked_product({bytes, tensor->shape.back()}, &bytes))
            return "the shape " + shape_text(tensor->shape) + " overflows";
    }
    uint64_t range[2];
    for (int i = 0; i < 2; i++) {
        const json &offset = entry["data_offsets"][static_cast<size_t>(i)];
        if (!offset.is_number_unsigned())
            return "a data offset is no size: " + offset.dump().substr(0, 32);
        range[i] = offset.get<uint64_t>();
    }
    if (range[0] > range[1] || range[1] > data_bytes)
        return "data_offsets [" + std::to_string(range[0]) + ", " + std::to_string(range[1]) +
               "] do not lie in the " + std::to_string(data_bytes) +
               " bytes of data (a truncated file?)";
    if (range[1] - range[0] != static_cast<uint64_t>(bytes))
        return "shape " + shape_text(tensor->shape) + " takes " + std::to_string(bytes) +
               " bytes, data_offsets span " + std::to_string(range[1] - range[0]);
    tensor->offset = range[0], tensor->bytes = range[1] - range[0];
    return "";
}

} // namespace

TensorFile::~TensorFile() {
    if (descriptor_ >= 0)
        close(descriptor_);
}

Status TensorFile::open(const std::string &path) {
    path_ = path;
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0)
        return bad(path, std::strerror(errno));
    struct stat info;
    if (fstat(descriptor_, &info) != 0)
        return bad(path, std::strerror(errno));
    if (!S_ISREG(info.st_mode))
        return bad(path, "not a regular file");
    const uint64_t size = static_cast<uint64_t>(info.st_size);
    unsigned char raw[8];
    if (size < sizeof raw || !read_at(descriptor_, raw, sizeof raw, 0))
        return bad(path, "expected a safetensors file, got " + std::to_string(size) + " bytes");
    uint64_t header_bytes = 0;
    for (int i = 7; i >= 0; i--)
        header_bytes = header_bytes << 8 | raw[i];
    if (header_bytes > kMaxHeaderBytes || header_bytes > size - sizeof raw)
        return bad(path, "not a safetensors file, or truncated: its header would take " +
                             std::to_string(header_bytes) + " bytes of " + std::to_string(size));
    std::string header(header_bytes, '\0');
    if (!read_at(descriptor_, header.data(), header_bytes, sizeof raw))
        return bad(path, "the header could not be read");
    INVOLUTE_RETURN_IF_ERROR(parse(header, size - sizeof raw - header_bytes));
    for (StoredTensor &tensor : tensors_)
        tensor.offset += sizeof raw + header_bytes;
    return {};
}

Status TensorFile::parse(const std::string &header, uint64_t data_bytes) {
    std::set<std::string> names;
    std::string problem;
    const auto watch = [&](int depth, json::parse_event_t event, json &value) {
        if (depth > kMaxHeaderDepth)
            problem = "the header is nested too deeply";
        if (depth == 1 && event == json::parse_event_t::key &&
            !names.insert(value.get<std::string>()).second)
            problem = "tensor " + value.get<std::string>() + " is there twice";
        if (names.size() > kMaxTensors)
            problem = "more than " + std::to_string(kMaxTensors) + " tensors";
        return problem.empty();
    };
    const json root = json::parse(header, watch, false);
    if (!problem.empty())
        return bad(path_, problem);
    if (!root.is_object())
        return bad(path_, "the header is not a JSON object");
    for (const auto &[name, entry] : root.items()) {
        if (name == "__metadata__") {
            for (const auto &[key, value] : entry.items()) {
                if (!entry.is_object() || !value.is_string())
                    return bad(path_, "__metadata__ may hold strings only");
                metadata_[key] = value.get<std::string>();
            }
            continue;
        }
        StoredTensor tensor;
        tensor.name = name;
        const std::string wrong = parse_entry(entry, data_bytes, &tensor);
        if (!wrong.empty())
            return bad(path_, "tensor " + name.substr(0, 200) + ": " + wrong);
        tensors_.push_back(std::move(tensor));
    }
    std::sort(tensors_.begin(), tensors_.end(), [](const StoredTensor &a, const StoredTensor &b) {
        return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
    });
    uint64_t end = 0;
    for (size_t i = 0; i < tensors_.size(); i++) {
        if (tensors_[i].offset != end)
            return bad(path_, "tensor " + tensors_[i].name.substr(0, 200) + " begins at byte " +
                                  std::to_string(tensors_[i].offset) + " of the data, expected " +
                                  std::to_string(end));
        end += tensors_[i].bytes;
        by_name_[tensors_[i].name] = i;
    }
    if (end != data_bytes)
        return bad(path_, "the tensors cover " + std::to_string(end) +
                              " bytes of data, there are " + std::to_string(data_bytes));
    return {};
}

const StoredTensor *TensorFile::find(const std::string &name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : &tensors_[it->second];
}

Status TensorFile::read(const StoredTensor &tensor, std::vector<float> *values) const {
    if (tensor.dtype != "F32")
        return bad(path_, "tensor " + tensor.name + ": expected dtype F32, got " + tensor.dtype);
    values->resize(tensor.bytes / sizeof(float));
    if (!read_at(descriptor_, values->data(), tensor.bytes, tensor.offset))
        return bad(path_, "tensor " + tensor.name + ": its values could not be read");
    return {};
}

} // namespace involute
