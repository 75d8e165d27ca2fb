#include "io/weight_sources.h"

#include <map>
#include <mutex>

#include "core/checked_size.h"
#include "core/tensor_layout.h"
#include "io/portable_rule.h"
#include "io/safetensors.h"

namespace involute {

namespace {

Status missing(const std::string &where, const std::string &name,
               const std::vector<int64_t> &shape) {
    return Status::error(INVOLUTE_INVALID_FILE, "%s: tensor %s of shape %s is missing",
                         where.c_str(), name.c_str(), shape_text(shape).c_str());
}

Status check_shape(const std::string &where, const std::string &name,
                   const std::vector<int64_t> &expected, const std::vector<int64_t> &found) {
    if (expected == found)
        return {};
    return Status::error(INVOLUTE_INVALID_FILE, "%s: tensor %s: expected shape %s, got %s",
                         where.c_str(), name.c_str(), shape_text(expected).c_str(),
                         shape_text(found).c_str());
}

// A tensor whose values this source owns.
struct Owned {
    std::string name;
    std::vector<float> values;
    involute_named_tensor view;

    void point(const std::vector<int64_t> &shape) {
        view.name = name.c_str();
        view.tensor =
            involute_tensor_f32(values.data(), static_cast<int32_t>(shape.size()), shape.data());
    }
};

class FileWeights : public involute_weights {
public:
    Status open(const std::string &path) {
        path_ = path;
        INVOLUTE_RETURN_IF_ERROR(file_.open(path));
        for (const StoredTensor &tensor : file_.tensors()) {
            if (tensor.dtype == "F32")
                float_.push_back(&tensor);
        }
        return {};
    }
    Status read(const std::string &name, const std::vector<int64_t> &shape, WeightRole, int64_t,
                std::vector<float> *values) const override {
        const StoredTensor *tensor = file_.find(name);
        if (tensor == nullptr)
            return missing(path_, name, shape);
        INVOLUTE_RETURN_IF_ERROR(check_shape(path_, name, shape, tensor->shape));
        return file_.read(*tensor, values);
    }
    bool shape_of(const std::string &name, std::vector<int64_t> *shape) const override {
        const StoredTensor *tensor = file_.find(name);
        if (tensor != nullptr)
            *shape = tensor->shape;
        return tensor != nullptr;
    }
    const involute_named_tensor *at(size_t index) const override {
        return index < float_.size() ? find(float_[index]->name) : nullptr;
    }
    // Values are read when they are asked for, and kept: the caller holds views of them.
    const involute_named_tensor *find(const std::string &name) const override {
        const StoredTensor *tensor = file_.find(name);
        if (tensor == nullptr || tensor->dtype != "F32")
            return nullptr;
        const std::lock_guard<std::mutex> lock(mutex_);
        std::unique_ptr<Owned> &kept = loaded_[name];
        if (kept == nullptr) {
            auto owned = std::make_unique<Owned>();
            owned->name = name;
            if (!file_.read(*tensor, &owned->values).ok())
                return nullptr;
            owned->point(tensor->shape);
            kept = std::move(owned);
        }
        return &kept->view;
    }
    const char *metadata(const std::string &key) const override {
        const auto it = file_.metadata().find(key);
        return it == file_.metadata().end() ? nullptr : it->second.c_str();
    }

private:
    std::string path_;
    TensorFile file_;
    std::vector<const StoredTensor *> float_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::unique_ptr<Owned>> loaded_;
};

class SyntheticWeights : public involute_weights {
public:
    explicit SyntheticWeights(uint64_t seed) : seed_(seed) {}
    Status read(const std::string &name, const std::vector<int64_t> &shape, WeightRole role,
                int64_t taps, std::vector<float> *values) const override {
        int64_t count = 1;
        for (int64_t extent : shape) {
            if (!checked_product({count, extent}, &count))
                return Status::error(INVOLUTE_INVALID_ARGUMENT, "tensor %s: its size overflows",
                                     name.c_str());
        }
        const Spread s = spread(name, shape, role, taps);
        const PortableRule rule(name, seed_, s.centre, s.half_width);
        values->resize(static_cast<size_t>(count));
        for (size_t i = 0; i < values->size(); i++)
            (*values)[i] = rule[i];
        return {};
    }
    bool shape_of(const std::string &, std::vector<int64_t> *) const override {
        return false;
    }
    const involute_named_tensor *at(size_t) const override {
        return nullptr;
    }
    const involute_named_tensor *find(const std::string &) const override {
        return nullptr;
    }
    const char *metadata(const std::string &) const override {
        return nullptr;
    }

private:
    uint64_t seed_;
};

class MemoryWeights : public involute_weights {
public:
    Status add(const involute_named_tensor &source) {
        const involute_tensor &t = source.tensor;
        const std::string name = source.name != nullptr ? source.name : "";
        int64_t count = 1;
        bool valid = !name.empty() && t.dtype == INVOLUTE_F32 && t.device == INVOLUTE_CPU &&
                     t.rank >= 0 && t.rank <= INVOLUTE_MAX_RANK;
        for (int d = 0; valid && d < t.rank; d++)
            valid = checked_product({count, t.shape[d]}, &count);
        if (!valid || (t.data == nullptr && count > 0))
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "weights: tensor '%s': expected a name and float32 values on the "
                                 "CPU of rank 0 to %d",
                                 name.c_str(), INVOLUTE_MAX_RANK);
        if (find(name) != nullptr)
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "weights: tensor %s is there twice",
                                 name.c_str());
        auto owned = std::make_unique<Owned>();
        owned->name = name;
        owned->values.resize(static_cast<size_t>(count));
        const float *data = static_cast<const float *>(t.data);
        for (int64_t i = 0; i < count; i++) {
            int64_t rest = i, at = 0;
            for (int d = t.rank - 1; d >= 0; d--) {
                at += rest % t.shape[d] * t.strides[d];
                rest /= t.shape[d];
            }
            owned->values[static_cast<size_t>(i)] = data[at];
        }
        owned->point({t.shape, t.shape + t.rank});
        tensors_.push_back(std::move(owned));
        return {};
    }
    Status read(const std::string &name, const std::vector<int64_t> &shape, WeightRole, int64_t,
                std::vector<float> *values) const override {
        const Owned *owned = lookup(name);
        if (owned == nullptr)
            return missing("weights", name, shape);
        std::vector<int64_t> found;
        shape_of(name, &found);
        INVOLUTE_RETURN_IF_ERROR(check_shape("weights", name, shape, found));
        *values = owned->values;
        return {};
    }
    bool shape_of(const std::string &name, std::vector<int64_t> *shape) const override {
        const Owned *owned = lookup(name);
        if (owned != nullptr) {
            const involute_tensor &t = owned->view.tensor;
            shape->assign(t.shape, t.shape + t.rank);
        }
        return owned != nullptr;
    }
    const involute_named_tensor *at(size_t index) const override {
        return index < tensors_.size() ? &tensors_[index]->view : nullptr;
    }
    const involute_named_tensor *find(const std::string &name) const override {
        const Owned *owned = lookup(name);
        return owned != nullptr ? &owned->view : nullptr;
    }
    const char *metadata(const std::string &) const override {
        return nullptr;
    }

private:
    const Owned *lookup(const std::string &name) const {
        for (const auto &owned : tensors_) {
            if (owned->name == name)
                return owned.get();
        }
        return nullptr;
    }

    std::vector<std::unique_ptr<Owned>> tensors_;
};

} // namespace

Status open_weights(const std::string &path, std::unique_ptr<involute_weights> *weights) {
    auto file = std::make_unique<FileWeights>();
    INVOLUTE_RETURN_IF_ERROR(file->open(path));
    *weights = std::move(file);
    return {};
}

std::unique_ptr<involute_weights> synthetic_weights(uint64_t seed) {
    return std::make_unique<SyntheticWeights>(seed);
}

Status copy_weights(const involute_named_tensor *tensors, size_t count,
                    std::unique_ptr<involute_weights> *weights) {
    auto memory = std::make_unique<MemoryWeights>();
    for (size_t i = 0; i < count; i++)
        INVOLUTE_RETURN_IF_ERROR(memory->add(tensors[i]));
    *weights = std::move(memory);
    return {};
}

} // namespace involute
