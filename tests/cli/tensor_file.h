// A safetensors file as bytes, to look at and to spoil: independent of the library's reader.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace involute::test {

class TensorFile {
public:
    explicit TensorFile(const std::string &path) : bytes_(read_file(path)) {
        uint64_t size = 0;
        if (bytes_.size() >= 8)
            std::memcpy(&size, bytes_.data(), 8);
        if (size > bytes_.size())
            return;
        header_ = nlohmann::json::parse(bytes_.substr(8, size), nullptr, false);
        data_ = 8 + size;
    }
    bool has(const std::string &tensor) const {
        return header_.is_object() && header_.contains(tensor);
    }
    std::vector<int64_t> shape(const std::string &tensor) const {
        return header_.at(tensor).at("shape").get<std::vector<int64_t>>();
    }
    std::vector<float> values(const std::string &tensor) const {
        const auto offsets = header_.at(tensor).at("data_offsets").get<std::vector<uint64_t>>();
        std::vector<float> values((offsets[1] - offsets[0]) / sizeof(float));
        std::memcpy(values.data(), bytes_.data() + data_ + offsets[0],
                    values.size() * sizeof(float));
        return values;
    }
    void set(const std::string &tensor, size_t index, float value) {
        const auto offsets = header_.at(tensor).at("data_offsets").get<std::vector<uint64_t>>();
        std::memcpy(&bytes_[data_ + offsets[0] + index * sizeof(float)], &value, sizeof value);
    }
    // Gives `tensor` another name of the same length, so that nothing else moves.
    void rename(const std::string &tensor, const std::string &name) {
        bytes_.replace(bytes_.find("\"" + tensor + "\"") + 1, name.size(), name);
    }
    void save(const std::string &path) const {
        write_file(path, bytes_);
    }

private:
    std::string bytes_;
    nlohmann::json header_;
    size_t data_ = 0;
};

// A file with one tensor.
inline void write_tensor_file(const std::string &path, const std::string &name,
                              const std::vector<int64_t> &shape, const std::vector<float> &values) {
    const size_t bytes = values.size() * sizeof(float);
    std::string header =
        nlohmann::json{{name, {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {0, bytes}}}}}
            .dump();
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const uint64_t size = header.size();
    std::string text(reinterpret_cast<const char *>(&size), sizeof size);
    text += header;
    text.append(reinterpret_cast<const char *>(values.data()), bytes);
    write_file(path, text);
}

} // namespace involute::test
