// The safetensors format: 8 bytes of header size, a JSON header, raw values. Nothing in a file is
// trusted: sizes are capped and checked before memory is taken, and the tensors must cover the data
// exactly once, so that no byte hides and none is shared.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/status.h"

namespace involute {

inline constexpr uint64_t kMaxHeaderBytes = 16u << 20;
inline constexpr size_t kMaxTensors = 65536;

struct StoredTensor {
    std::string name, dtype; // "F32", "I64", ...
    std::vector<int64_t> shape;
    uint64_t offset = 0, bytes = 0; // from the start of the file
};

// An open file; its values are read tensor by tensor, so that it is never whole in memory.
class TensorFile {
public:
    TensorFile() = default;
    ~TensorFile();
    TensorFile(const TensorFile &) = delete;
    TensorFile &operator=(const TensorFile &) = delete;

    Status open(const std::string &path);

    const std::vector<StoredTensor> &tensors() const { // in the order of their data
        return tensors_;
    }
    const std::map<std::string, std::string> &metadata() const {
        return metadata_;
    }
    const StoredTensor *find(const std::string &name) const;

    // The values of a float32 tensor in row-major order.
    Status read(const StoredTensor &tensor, std::vector<float> *values) const;

private:
    Status parse(const std::string &header, uint64_t data_bytes);

    int descriptor_ = -1;
    std::string path_;
    std::vector<StoredTensor> tensors_;
    std::map<std::string, size_t> by_name_;
    std::map<std::string, std::string> metadata_;
};

// Writes float32 tensors of any strides. An existing file is replaced only when all is written.
Status save_tensors(const std::string &path, const involute_named_tensor *tensors, size_t count,
                    const std::map<std::string, std::string> &metadata);

} // namespace involute
